import { Field, ID, InputType } from '@nestjs/graphql';
import { IsOptional } from 'class-validator';
import { AcceptablePassword } from '../passwords/acceptable-password.decorator.js';
import { EmailAddress } from '../users/email.js';
import { DisplayName, Locale } from '../users/profile.decorators.js';

@InputType({ description: 'A new account.' })
export class CreateUserInput {
  @Field(() => String, { description: 'The address to sign in with. Blanks around it and letter case do not matter.' })
  @EmailAddress()
  email!: string;

  @Field(() => String, {
    nullable: true,
    description:
      '8 to 1024 characters of any kind, none of the common passwords. Better leave it out: the owner then sets one by ' +
      '`requestPasswordReset`, and nobody else knows it.',
  })
  @IsOptional()
  @AcceptablePassword()
  password?: string | null;

  @Field(() => String, { nullable: true, description: 'What to call the user. At most 200 characters.' })
  @DisplayName()
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'The language of mails, as a BCP 47 tag such as `de`.' })
  @Locale()
  locale?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: '`user` alone when absent. Others take the permission `roles:assign`.',
  })
  roles?: string[] | null;

  @Field(() => Boolean, {
    nullable: true,
    defaultValue: false,
    description: 'True when the address is known to be theirs.',
  })
  emailVerified!: boolean | null;
}

@InputType({ description: 'What to change of an account. What is left out stays.' })
export class UpdateUserInput {
  @Field(() => ID, { description: 'The account.' })
  id!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'The address to sign in with. Another one counts as not confirmed, and the former one is told if it was confirmed. Also with the ' +
      'present one no former address can take the account back any more: leave it out, or null, to change something else.',
  })
  @IsOptional()
  @EmailAddress()
  email?: string | null;

  @Field(() => String, { nullable: true, description: 'What to call the user. Null: nothing.' })
  @DisplayName()
  name?: string | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the address is known to be theirs. Null is as if left out.',
  })
  emailVerified?: boolean | null;
}
