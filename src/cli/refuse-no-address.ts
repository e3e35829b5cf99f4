import type { Command } from 'commander';

/**
 * Before any command: refuses an `<email>` that no account can have.
 *
 * @throws AppError `BAD_USER_INPUT`
 */
export async function refuseNoAddress(_program: Command, { registeredArguments, args }: Command): Promise<void> {
  const index = registeredArguments.findIndex((argument) => argument.name() === 'email');
  if (index < 0) return;
  const { isEmailAddress, normalizeEmail, notAnEmail } = await import('../users/email.js');
  if (!isEmailAddress(normalizeEmail(args[index] ?? ''))) throw notAnEmail('<email>');
}
