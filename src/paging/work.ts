import { Extensions } from '@nestjs/graphql';
import type { GraphQLField, GraphQLInputField } from 'graphql';

const WORK = 'work';

/**
 * On a field of an answer or of an input: how many fields it counts for besides itself, because the database reads much of a table for
 * it, however little is returned (`graphql/document-measure.ts`).
 */
export const CountsFor = (fields: number): MethodDecorator & PropertyDecorator => Extensions({ [WORK]: fields });

/** What `@CountsFor` says of the field. */
export const workOf = ({ extensions }: GraphQLField<unknown, unknown> | GraphQLInputField): number =>
  (extensions[WORK] as number | undefined) ?? 0;
