import { isCommonPassword } from './common-passwords.js';

/** In code points after NFC (ASVS 6.2.1; NIST SP 800-63B-4 counts a code point as a character). */
export const PASSWORD_MIN_LENGTH = 8;
/** In code points after NFC. Long enough for any passphrase (ASVS 6.2.9), short enough to hash at once. */
export const PASSWORD_MAX_LENGTH = 1024;

/** NFC makes at most one code point out of four, and a code point has at most two UTF-16 units. */
const MAX_RECEIVED_UNITS = PASSWORD_MAX_LENGTH * 4 * 2;

/** Of text in the Stream-Safe Format (UAX #15 section 13). The time of NFC grows with the square of the number of marks in a row. */
const TOO_MANY_MARKS = /\p{M}{31}/u;

const TOO_LONG = `The password must have at most ${PASSWORD_MAX_LENGTH} characters.`;

/** Words that an attacker tries first here (ASVS 6.1.2); the e-mail and its local part are added for each user. */
const CONTEXT_WORDS: readonly string[] = ['latchkey'];

/**
 * Whether the text may reach the hash at all: bounded, so that neither a megabyte nor thousands of marks on one letter cost
 * anything, and well-formed, because UTF-8 turns every lone surrogate into U+FFFD, and different passwords would then open
 * the same account.
 */
export function isHashable(password: string): boolean {
  return password.length <= MAX_RECEIVED_UNITS && password.isWellFormed() && !TOO_MANY_MARKS.test(password);
}

/**
 * Why a new password is refused, in a sentence that never contains it; `undefined` when it is accepted.
 * There are no composition rules (ASVS 6.2.5).
 */
export function passwordProblem(password: string, context: { email?: string }): string | undefined {
  // The length as received goes first: nothing below may run over megabytes.
  if (password.length > MAX_RECEIVED_UNITS) return TOO_LONG;
  if (!password.isWellFormed()) return 'The password contains a character that is not valid Unicode.';
  if (TOO_MANY_MARKS.test(password)) return 'The password must have at most 30 combining marks in a row.';

  const normalized = password.normalize('NFC');
  const length = [...normalized].length;
  if (length < PASSWORD_MIN_LENGTH) return `The password must have at least ${PASSWORD_MIN_LENGTH} characters.`;
  if (length > PASSWORD_MAX_LENGTH) return TOO_LONG;
  if (isCommonPassword(normalized)) return 'The password is among the most common ones.';
  if (isContextWord(normalized, context.email)) {
    return 'The password must differ from the e-mail address and from the name of this service.';
  }
  return undefined;
}

function isContextWord(password: string, email = ''): boolean {
  const address = fold(email);
  const localPart = address.slice(0, Math.max(address.lastIndexOf('@'), 0));
  return [...CONTEXT_WORDS, address, localPart].filter(Boolean).includes(fold(password));
}

function fold(text: string): string {
  return text.normalize('NFC').trim().toLowerCase();
}
