import { Field, InputType } from '@nestjs/graphql';
import { IsNotEmpty, MaxLength } from 'class-validator';
import { AcceptablePassword } from '../passwords/acceptable-password.decorator.js';
import { PASSWORD_MAX_LENGTH } from '../passwords/password-policy.js';
import { EmailAddress } from '../users/email.js';
import { DisplayName, Locale } from '../users/profile.decorators.js';
import { TokenTransport } from './token-transport.js';

const LOCALE_OF_MAILS =
  'The language of mails, as a BCP 47 tag such as `de` or `de-CH`. Absent: what the browser prefers (Accept-Language).';

const transport = {
  nullable: true,
  defaultValue: TokenTransport.BODY,
  description: 'How to receive the tokens. BODY when absent.',
};

@InputType({ description: 'A new account.' })
export class SignupInput {
  @Field(() => String, { description: 'The address to sign in with. Blanks around it and letter case do not matter.' })
  @EmailAddress()
  email!: string;

  @Field(() => String, { description: '8 to 1024 characters of any kind, none of the common passwords.' })
  @AcceptablePassword()
  password!: string;

  @Field(() => String, { nullable: true, description: 'What to call the user. At most 200 characters.' })
  @DisplayName()
  name?: string | null;

  @Field(() => String, { nullable: true, description: LOCALE_OF_MAILS })
  @Locale()
  locale?: string | null;

  @Field(() => TokenTransport, transport)
  transport!: TokenTransport | null;
}

@InputType({ description: 'The credentials of an existing account.' })
export class LoginInput {
  @Field(() => String, { description: 'The address of the account, in any letter case.' })
  @EmailAddress()
  email!: string;

  @Field(() => String, { description: 'Compared exactly as it is sent.' })
  @IsNotEmpty({ message: 'must not be empty' })
  @MaxLength(PASSWORD_MAX_LENGTH, { message: `must not be longer than ${PASSWORD_MAX_LENGTH} characters` })
  password!: string;

  @Field(() => TokenTransport, transport)
  transport!: TokenTransport | null;

  @Field(() => String, {
    nullable: true,
    description:
      'A refresh token that this device had before, ended or not. It shows that the device is known to the account, so ' +
      'that wrong passwords of others do not slow it down. Browsers do not need it: a cookie says the same.',
  })
  refreshToken?: string | null;
}

@InputType({ description: 'The refresh token to exchange.' })
export class RefreshInput {
  @Field(() => String, { nullable: true, description: 'Absent or null: the one in the cookie is used.' })
  refreshToken?: string | null;
}

@InputType({ description: 'Which session to end.' })
export class LogoutInput {
  @Field(() => String, {
    nullable: true,
    description: 'Ends the session of this token, besides that of the cookie and of the access token.',
  })
  refreshToken?: string | null;

  @Field(() => Boolean, { nullable: true, defaultValue: false, description: 'True ends every session of the user.' })
  everywhere!: boolean | null;
}
