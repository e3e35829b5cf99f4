import { Field, InputType } from '@nestjs/graphql';
import { IsOptional, Matches, MaxLength } from 'class-validator';
import { NOT_STORABLE } from '../common/storable.js';

@InputType({ description: 'A role.' })
export class RoleInput {
  @Field(() => String, { description: '1 to 64 lower-case letters, digits, `-` and `_`, a letter first.' })
  @Matches(/^[a-z][a-z0-9_-]{0,63}$/, { message: 'must be 1 to 64 lower-case letters, digits, - and _' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the role is for. At most 500 characters.' })
  @IsOptional()
  @MaxLength(500, { message: 'must not be longer than 500 characters' })
  @Matches(/^[^\0\p{Cs}]*$/u, { message: NOT_STORABLE })
  description?: string | null;

  @Field(() => [String], { description: 'What the role permits. Not more than you may yourself.' })
  permissions!: string[];
}
