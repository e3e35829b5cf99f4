import * as z from 'zod';

export const optional = z.string().optional();

const ONE_LINE = { error: 'must be one line without control characters' };

/** A line break in a value that has none of its own means that a quote in `.env` was closed too late. */
const isOneLine = (value?: string): boolean => !/\p{Cc}/u.test(value ?? '');

const line = optional.refine((value) => isOneLine(value?.trim()), ONE_LINE);

export const text = (fallback: string) => line.transform((value) => value?.trim() || fallback);

export const optionalText = line.transform((value) => value?.trim() || undefined);

/** Taken as it is, blanks and line breaks included. */
export const secret = optional.transform((value) => value || undefined);

/** Taken as it is, blanks included: what a person or a client has to send again. */
export const secretLine = optional.refine(isOneLine, ONE_LINE).transform((value) => value || undefined);
