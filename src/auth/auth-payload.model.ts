import { createUnionType, Field, Int, ObjectType } from '@nestjs/graphql';
import type { SessionRecord } from '../sessions/session.entity.js';
import { SessionModel } from '../sessions/session.model.js';
import type { UserRecord } from '../users/user.entity.js';
import { UserModel } from '../users/user.model.js';

@ObjectType({ description: 'A signed-in user and their tokens. The answer of `signup`, `login` and `refresh` alike.' })
export class AuthPayload {
  @Field(() => String, {
    nullable: true,
    description: 'Send it as `Authorization: Bearer …`. Null when the transport is COOKIE: the cookie carries it.',
  })
  accessToken!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Exchange it with `refresh` before the access token expires. Null when the transport is COOKIE.',
  })
  refreshToken!: string | null;

  @Field(() => String, { description: 'Always `Bearer`.' })
  tokenType!: string;

  @Field(() => Int, { description: 'Seconds until the access token expires.' })
  expiresIn!: number;

  @Field(() => Date, { description: 'When the access token expires, by the clock of the server.' })
  expiresAt!: Date;

  @Field(() => Date, { description: 'When the session ends unless it is refreshed before.' })
  refreshExpiresAt!: Date;

  @Field(() => Date, { description: 'The time of the server, so that a client with a wrong clock refreshes in time.' })
  serverTime!: Date;

  @Field(() => UserModel, { description: 'Who signed in.' })
  user!: UserRecord;

  @Field(() => SessionModel, { description: 'The session that the tokens belong to.' })
  session!: SessionRecord;
}

@ObjectType({
  description:
    'The address must be confirmed before this user can sign in: a mail is on its way, whoever has an account. Say so.',
})
export class EmailVerificationRequired {
  @Field(() => String, { description: 'The address to confirm.' })
  email!: string;
}

export const verificationRequired = (email: string): EmailVerificationRequired =>
  Object.assign(new EmailVerificationRequired(), { email });

/** Types are told apart by class, so services return instances and never look-alikes. */
const types = () => [AuthPayload, EmailVerificationRequired] as const;

export const SignupResult = createUnionType({
  name: 'SignupResult',
  description: 'What `signup` leads to. Handle every member.',
  types,
});

export const LoginResult = createUnionType({
  name: 'LoginResult',
  description:
    'What `login` leads to. Handle every member, although it answers `AuthPayload` or an error: an account that has to be ' +
    'confirmed first has the error of a wrong password.',
  types,
});
