import { Extensions } from '@nestjs/graphql';
import type { GraphQLField } from 'graphql';
import type { Env } from '../config/env.js';

/** The settings that bound a list. */
export type ListSettings = Pick<Env, 'MAX_SESSIONS_PER_USER'>;

const LIST_BOUND = 'listBound';

/**
 * On a field that returns a list: how many elements it has at most, or the setting that says so. The measure of a document counts
 * the list for as many (`graphql/document-measure.ts`).
 */
export const HoldsAtMost = (bound: number | keyof ListSettings): MethodDecorator & PropertyDecorator =>
  Extensions({ [LIST_BOUND]: bound });

/** What `@HoldsAtMost` says of the field. Undefined: nothing. */
export function listBoundOf(field: GraphQLField<unknown, unknown>, settings: ListSettings): number | undefined {
  const bound = field.extensions[LIST_BOUND] as number | keyof ListSettings | undefined;
  return typeof bound === 'string' ? settings[bound] : bound;
}
