import { v7, validate } from 'uuid';

/** UUID v7 (RFC 9562 section 5.7): sorted by time, so that index pages fill in order. Not a secret. */
export const newId = (): string => v7();

/** Asked before an id of a client reaches a query: PostgreSQL answers a malformed one with an error of its own. */
export const isId = (value: string): boolean => validate(value);
