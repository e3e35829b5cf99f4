import { Inject } from '@nestjs/common';
import { Field, Int, ObjectType, Query, Resolver } from '@nestjs/graphql';
import { Public } from '../access/access.decorators.js';
import { Clock } from '../common/clock.js';
import { VERSION } from '../common/version.js';
import { ENV, type Env } from '../config/env.js';
import { PASSWORD_MAX_LENGTH, PASSWORD_MIN_LENGTH } from '../passwords/password-policy.js';
import { TokenTransport } from './token-transport.js';

@ObjectType({ description: 'What a password must be like. Common passwords are refused besides.' })
export class PasswordPolicy {
  @Field(() => Int, { description: 'In characters (Unicode code points).' })
  minLength!: number;

  @Field(() => Int, { description: 'In characters (Unicode code points).' })
  maxLength!: number;
}

@ObjectType({ description: 'What a sign-in page needs to draw itself.' })
export class ServerInfo {
  @Field(() => String, { description: 'The version of the server.' })
  version!: string;

  @Field(() => Date, { description: 'The time of the server.' })
  serverTime!: Date;

  @Field(() => Boolean, { description: 'False: `signup` is refused.' })
  signupEnabled!: boolean;

  @Field(() => Boolean, { description: 'True: new users confirm their address before they can sign in.' })
  emailVerificationRequired!: boolean;

  @Field(() => Boolean, { description: 'False: `requestMagicLink` is refused.' })
  magicLinksEnabled!: boolean;

  @Field(() => PasswordPolicy, { description: 'What a new password must be like.' })
  passwordPolicy!: PasswordPolicy;

  @Field(() => [TokenTransport], { description: 'The ways in which tokens can be received.' })
  tokenTransports!: TokenTransport[];
}

@Resolver()
export class ServerInfoResolver {
  constructor(
    private readonly clock: Clock,
    @Inject(ENV)
    private readonly env: Pick<Env, 'SIGNUP_ENABLED' | 'REQUIRE_EMAIL_VERIFICATION' | 'MAGIC_LINKS_ENABLED'>,
  ) {}

  @Query(() => ServerInfo, { description: 'What a sign-in page needs to draw itself.' })
  @Public()
  serverInfo(): ServerInfo {
    return {
      version: VERSION,
      serverTime: this.clock.now(),
      signupEnabled: this.env.SIGNUP_ENABLED,
      emailVerificationRequired: this.env.REQUIRE_EMAIL_VERIFICATION,
      magicLinksEnabled: this.env.MAGIC_LINKS_ENABLED,
      passwordPolicy: { minLength: PASSWORD_MIN_LENGTH, maxLength: PASSWORD_MAX_LENGTH },
      tokenTransports: Object.values(TokenTransport),
    };
  }
}
