let isGone = false;

/** Whether nothing that is written to standard output arrives any more, as behind `| head -1`. */
export const isUnread = (): boolean => isGone;

/** Of an error of an output. */
export const isOfGoneReader = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EPIPE';

/**
 * That the reader of an output goes away is no fault: a command that changes something finishes what it has begun, and nobody
 * is there to be told of it.
 *
 * @param onFault told once of what else keeps standard output from being written, such as a full disk
 */
export function letReadersGo(onFault: (error: Error) => void): void {
  process.stdout.on('error', (error: Error) => {
    if (!isGone && !isOfGoneReader(error)) onFault(error);
    isGone = true;
  });
  // There is no other place to say why.
  process.stderr.on('error', () => undefined);
}
