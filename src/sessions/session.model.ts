import { Field, ID, ObjectType } from '@nestjs/graphql';
import { HoldsAtMost } from '../paging/list-bound.js';

/** More than one sign-in can ask for: each writes down those that it has asked for. */
const MAX_AUTH_METHODS = 10;

@ObjectType('Session', { description: 'One sign-in on one device. It lives until it is ended or expires.' })
export class SessionModel {
  @Field(() => ID, { description: 'Identifies the session, for example for `revokeSession`.' })
  id!: string;

  @Field(() => Date, { description: 'When the user signed in.' })
  createdAt!: Date;

  @Field(() => Date, { description: 'When the session was last refreshed.' })
  lastActiveAt!: Date;

  @Field(() => Date, { description: 'When the session ends if it is not refreshed before.' })
  expiresAt!: Date;

  @HoldsAtMost(MAX_AUTH_METHODS)
  @Field(() => [String], { description: 'How the user proved who they are: RFC 8176 values such as `pwd`.' })
  authMethods!: string[];
}
