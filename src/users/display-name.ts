import { isOneLine, NOT_ONE_LINE } from '../common/one-line.js';

/** Of a name, in UTF-16 units. */
export const NAME_MAX_LENGTH = 200;

export const NAME_TOO_LONG = `must not be longer than ${NAME_MAX_LENGTH} characters`;
export const NAME_NOT_VISIBLE = NOT_ONE_LINE;

/** The one rule for the name that a user is called by, whoever gives it: over the API, at the command line or in an import. */
export const isDisplayName = isOneLine;
