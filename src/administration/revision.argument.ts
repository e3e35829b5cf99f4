import type { ArgsOptions } from '@nestjs/graphql';

/** The optional argument of mutations that replace what their author has looked at. */
export const REVISION: ArgsOptions = {
  type: () => String,
  nullable: true,
  description: 'The `revision` that you have looked at. When the row has changed since, the answer is CONFLICT.',
};
