import { AppError } from './app-error.js';
import { ErrorAction, ErrorCode } from './error-codes.js';

/**
 * `BAD_USER_INPUT` about one field or argument.
 *
 * @param path such as `input.roles`
 * @param problem follows the path in a sentence: "must …"
 */
export const badInput = (path: string, problem: string): AppError =>
  new AppError(ErrorCode.BAD_USER_INPUT, `${path} ${problem}`, {
    action: ErrorAction.FIX_INPUT,
    fields: [{ path, message: problem }],
  });
