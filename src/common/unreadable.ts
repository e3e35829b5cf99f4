/** Why a file or folder cannot be read, by the code of the system: the message of the error would repeat the path. */
export function unreadable(error: unknown): string {
  const isOfSystem = typeof error === 'object' && error !== null && 'code' in error;
  return `can not be read (${isOfSystem ? String(error.code) : 'unknown'})`;
}
