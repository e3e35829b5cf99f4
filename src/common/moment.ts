const RFC_3339_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

/** Of `2026-01-31T09:30:00.000Z`, as RFC 3339 writes it: with its milliseconds or without. */
const MAX_LENGTH = 24;

/**
 * A moment that a client sent, undefined for what is none. Both engines store those of the years 1970 to 9999: PostgreSQL has no year 0,
 * and nothing here is older than the server.
 */
export function momentOf(value: unknown): Date | undefined {
  if (typeof value !== 'string' || value.length > MAX_LENGTH || !RFC_3339_UTC.test(value)) return undefined;
  const date = new Date(value);
  return date.getTime() >= 0 ? date : undefined;
}
