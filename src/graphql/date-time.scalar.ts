import { GraphQLScalarType, Kind } from 'graphql';
import { momentOf } from '../common/moment.js';

/** RFC 3339 in UTC with milliseconds. A generated client maps it to `string` (see the codegen config in the README). */
export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description:
    'A moment in UTC as in RFC 3339, with milliseconds and a final Z, of the years 1970 to 9999: `2026-01-31T09:30:00.000Z`.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: (value) => toDate(value).toISOString(),
  parseValue: toDate,
  parseLiteral: (node) => toDate(node.kind === Kind.STRING ? node.value : undefined),
});

function toDate(value: unknown): Date {
  const date = value instanceof Date ? value : momentOf(value);
  if (!date || Number.isNaN(date.getTime())) {
    throw new TypeError('DateTime must be an RFC 3339 moment in UTC, of the years 1970 to 9999.');
  }
  return date;
}
