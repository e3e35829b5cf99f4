/** Of a name, in UTF-16 units. */
export const NAME_MAX_LENGTH = 200;

export const NAME_TOO_LONG = `must not be longer than ${NAME_MAX_LENGTH} characters`;
export const NAME_NOT_VISIBLE = 'must hold visible characters only';

/**
 * Ends a line, turns the direction of a text, or cannot be seen, so that two names look like one. What joins letters and emoji
 * (ZWNJ, ZWJ) stays, and so do the tags of a flag.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}]|(?!\u200C|\u200D|[\u{E0020}-\u{E007F}])\p{Cf}/u;

const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/** The one rule for the name that a user is called by, whoever gives it: over the API, at the command line or in an import. */
export const isDisplayName = (name: unknown): boolean =>
  typeof name === 'string' && VISIBLE.test(name) && !FORBIDDEN.test(name);
