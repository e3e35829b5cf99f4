/** What is said of a text that is not. */
export const NOT_ONE_LINE = 'must hold visible characters only';

/**
 * Ends a line, turns the direction of a text, or cannot be seen, so that two texts look like one. What joins letters and emoji
 * (ZWNJ, ZWJ) stays, and so do the tags of a flag.
 */
const FORBIDDEN = /[\p{Cc}\p{Cs}]|(?!\u200C|\u200D|[\u{E0020}-\u{E007F}])\p{Cf}/u;

const NOT_ON_A_LINE = new RegExp(`(?:${FORBIDDEN.source}|[\\p{Zl}\\p{Zp}])+`, 'gu');

const VISIBLE = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/u;

/** The one rule for a text of one person that others are shown on one line: what they see is what it says. */
export const isOneLine = (text: unknown): boolean =>
  typeof text === 'string' && VISIBLE.test(text) && !FORBIDDEN.test(text);

/** What another program has said, such as a mail server, cut to a line that is stored and shown: a blank stands for what is not. */
export const cutToOneLine = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).replace(NOT_ON_A_LINE, ' ').trim();
