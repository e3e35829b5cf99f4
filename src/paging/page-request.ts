import { ArgsType, Field, Int } from '@nestjs/graphql';
import { badInput } from '../common/bad-input.js';

/** Of a page whose size nobody says. */
export const DEFAULT_PAGE_SIZE = 20;
const MAX_PAGE_SIZE = 100;

const SIZE = `${DEFAULT_PAGE_SIZE} when absent, at most ${MAX_PAGE_SIZE}.`;

/** The arguments of a connection that goes forward only. */
@ArgsType()
export class ForwardPageArgs {
  @Field(() => Int, { nullable: true, description: `How many to return. ${SIZE}` })
  first?: number | null;

  @Field(() => String, { nullable: true, description: 'Begin behind this cursor: the `endCursor` of the page before.' })
  after?: string | null;
}

/** The arguments of a connection (https://relay.dev/graphql/connections.htm). */
@ArgsType()
export class PageArgs extends ForwardPageArgs {
  @Field(() => Int, { nullable: true, description: `How many to return from the end. Excludes \`first\`. ${SIZE}` })
  last?: number | null;

  @Field(() => String, { nullable: true, description: 'End before this cursor: the `startCursor` of the page behind.' })
  before?: string | null;
}

/** Which page: the rows next to a cursor, or to the end of the list. */
export interface PageRequest {
  readonly size: number;
  readonly isBackward: boolean;
  readonly cursor: string | undefined;
}

/** @throws AppError `BAD_USER_INPUT` for arguments that mean nothing together */
export function pageRequest({ first, after, last, before }: PageArgs): PageRequest {
  const isBackward = typeof last === 'number' || (typeof first !== 'number' && typeof before === 'string');
  if (isBackward && typeof first === 'number') throw badInput('last', 'excludes first');
  if (isBackward && typeof after === 'string') throw badInput('after', 'goes with first; use before with last');
  if (!isBackward && typeof before === 'string') throw badInput('before', 'goes with last; use after with first');
  const size = (isBackward ? last : first) ?? DEFAULT_PAGE_SIZE;
  if (size < 1 || size > MAX_PAGE_SIZE) {
    throw badInput(isBackward ? 'last' : 'first', `must be between 1 and ${MAX_PAGE_SIZE}`);
  }
  return { size, isBackward, cursor: (isBackward ? before : after) ?? undefined };
}
