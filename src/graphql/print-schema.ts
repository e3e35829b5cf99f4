import { printSchemaWithDirectives } from '@graphql-tools/utils';
import { type GraphQLSchema, lexicographicSortSchema } from 'graphql';

const HEADER = '# Written by `npm run schema` from the code. Generate your client from this file; do not edit it.\n\n';

/** The schema as SDL: sorted, so that diffs are changes, and with the applied `@auth` that GraphQL.js leaves out. */
export function printSchema(schema: GraphQLSchema): string {
  return `${HEADER}${printSchemaWithDirectives(lexicographicSortSchema(schema))}\n`;
}
