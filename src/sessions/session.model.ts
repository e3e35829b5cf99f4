import { Field, ID, ObjectType } from '@nestjs/graphql';

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

  @Field(() => [String], { description: 'How the user proved who they are: RFC 8176 values such as `pwd`.' })
  authMethods!: string[];
}
