import { v7, validate } from 'uuid';

/** UUID v7 (RFC 9562 section 5.7): sorted by time, so that index pages fill in order. Not a secret. */
export const newId = (): string => v7();

/**
 * The id that a client means, in the one spelling that rows and tokens have: a UUID may come in any letter case (RFC 9562 section 4).
 * Undefined for anything else, which must not reach a query: PostgreSQL answers it with an error of its own.
 */
export const parseId = (text: string): string | undefined => (validate(text) ? text.toLowerCase() : undefined);
