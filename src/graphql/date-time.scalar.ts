import { GraphQLScalarType, Kind } from 'graphql';

const RFC_3339_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

/** RFC 3339 in UTC with milliseconds. A generated client maps it to `string` (see the codegen config in the README). */
export const DateTimeScalar = new GraphQLScalarType<Date, string>({
  name: 'DateTime',
  description: 'A moment in UTC as in RFC 3339, with milliseconds and a final Z: `2026-01-31T09:30:00.000Z`.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: (value) => toDate(value).toISOString(),
  parseValue: toDate,
  parseLiteral: (node) => toDate(node.kind === Kind.STRING ? node.value : undefined),
});

function toDate(value: unknown): Date {
  const date = value instanceof Date ? value : parse(value);
  if (!date || Number.isNaN(date.getTime())) throw new TypeError('DateTime must be an RFC 3339 moment in UTC.');
  return date;
}

function parse(value: unknown): Date | undefined {
  return typeof value === 'string' && RFC_3339_UTC.test(value) ? new Date(value) : undefined;
}
