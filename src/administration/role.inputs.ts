import { Field, InputType } from '@nestjs/graphql';
import { Transform } from 'class-transformer';
import { IsOptional, Matches, MaxLength, ValidateBy } from 'class-validator';
import { isOneLine, NOT_ONE_LINE } from '../common/one-line.js';

/** Blanks alone are no text. */
const trimmed = ({ value }: { value: unknown }): unknown => (typeof value === 'string' ? value.trim() || null : value);

@InputType({ description: 'A role.' })
export class RoleInput {
  @Field(() => String, { description: '1 to 64 lower-case letters, digits, `-` and `_`, a letter first.' })
  @Matches(/^[a-z][a-z0-9_-]{0,63}$/, { message: 'must be 1 to 64 lower-case letters, digits, - and _' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the role is for, on one line. At most 500 characters.' })
  @Transform(trimmed)
  @IsOptional()
  @MaxLength(500, { message: 'must not be longer than 500 characters' })
  @ValidateBy({ name: 'oneLine', validator: { validate: isOneLine, defaultMessage: () => NOT_ONE_LINE } })
  description?: string | null;

  @Field(() => [String], { description: 'What the role permits. Not more than you may yourself.' })
  permissions!: string[];
}
