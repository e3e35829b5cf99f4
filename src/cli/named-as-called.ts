import { AppError } from '../common/app-error.js';
import { badInput } from '../common/bad-input.js';
import { ErrorCode } from '../common/error-codes.js';

/** True of an option or an argument of a call, which its `--help` spells so. */
export const isOfCall = (path: string): boolean => /^(--|<)/.test(path);

/**
 * Names what services refuse by its form alone as the call has it: it is wrong whatever the database holds.
 *
 * @param names of arguments and options, by those of the services
 */
export async function namedAsCalled(names: Readonly<Record<string, string>>, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isForm = error instanceof AppError && error.code === ErrorCode.BAD_USER_INPUT;
    const [field] = (isForm && error.fields) || [];
    const name = field && names[field.path];
    throw name === undefined ? error : badInput(name, field?.message ?? '');
  }
}
