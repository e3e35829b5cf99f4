import { Field, InputType } from '@nestjs/graphql';
import { MaxLength } from 'class-validator';
import { AcceptablePassword } from '../passwords/acceptable-password.decorator.js';
import { PASSWORD_MAX_LENGTH } from '../passwords/password-policy.js';
import { TokenTransport } from '../auth/token-transport.js';
import { EmailAddress } from '../users/email.js';
import { DisplayName, Locale } from '../users/profile.decorators.js';

/** Bounded before it is compared. */
const PresentPassword = () =>
  MaxLength(PASSWORD_MAX_LENGTH, { message: `must not be longer than ${PASSWORD_MAX_LENGTH} characters` });

export const OR_EMPTY = 'Empty is enough within 10 minutes (REAUTHENTICATION_MAX_AGE) after a sign-in.';

@InputType({ description: 'What to change. What is left out stays; null clears it.' })
export class UpdateProfileInput {
  @Field(() => String, { nullable: true, description: 'What to call the user. At most 200 characters.' })
  @DisplayName()
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'The language of mails, as a BCP 47 tag such as `de`.' })
  @Locale()
  locale?: string | null;
}

@InputType({ description: 'The password to replace, and the new one.' })
export class ChangePasswordInput {
  @Field(() => String, { description: `The present password. ${OR_EMPTY}` })
  @PresentPassword()
  currentPassword!: string;

  @Field(() => String, { description: '8 to 1024 characters of any kind, none of the common passwords.' })
  @AcceptablePassword()
  newPassword!: string;
}

@InputType({ description: 'The token of a link, and the new password.' })
export class ResetPasswordInput {
  @Field(() => String, { description: 'What follows `#token=` in the link of the mail.' })
  token!: string;

  @Field(() => String, { description: '8 to 1024 characters of any kind, none of the common passwords.' })
  @AcceptablePassword()
  newPassword!: string;
}

@InputType({ description: 'The new address, and the password.' })
export class RequestEmailChangeInput {
  @Field(() => String, { description: 'The address to sign in with from now on, once it is confirmed.' })
  @EmailAddress()
  newEmail!: string;

  @Field(() => String, { description: `The password of the account. ${OR_EMPTY}` })
  @PresentPassword()
  password!: string;
}

@InputType({ description: 'The token of a link to sign in with.' })
export class MagicLinkInput {
  @Field(() => String, { description: 'What follows `#token=` in the link of the mail.' })
  token!: string;

  @Field(() => TokenTransport, {
    nullable: true,
    defaultValue: TokenTransport.BODY,
    description: 'How to receive the tokens. BODY when absent.',
  })
  transport!: TokenTransport | null;
}
