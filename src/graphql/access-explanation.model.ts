import { Field, ObjectType, registerEnumType } from '@nestjs/graphql';
import { PERMISSIONS } from '../access/permissions.js';
import { HoldsAtMost } from '../paging/list-bound.js';

export enum AccessDecision {
  ALLOWED = 'ALLOWED',
  ACCOUNT_DISABLED = 'ACCOUNT_DISABLED',
  ROLE_MISSING = 'ROLE_MISSING',
  PERMISSION_MISSING = 'PERMISSION_MISSING',
}

registerEnumType(AccessDecision, {
  name: 'AccessDecision',
  description: 'What the guards answer a user about a field.',
  valuesMap: {
    ALLOWED: { description: 'The field is theirs to use.' },
    ACCOUNT_DISABLED: { description: 'The account is disabled: it can use what is public and nothing else.' },
    ROLE_MISSING: { description: 'The user holds none of the roles of which one is needed.' },
    PERMISSION_MISSING: { description: 'The roles of the user lack a permission that is needed.' },
  },
});

@ObjectType({ description: 'Which rule lets a user use a field, or refuses it.' })
export class AccessExplanation {
  @Field(() => String, { description: 'The field, as it was asked for.' })
  field!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The rule, as the schema has it. Null: none of its own, the field is as open as what leads to it.',
  })
  rule!: string | null;

  @Field(() => AccessDecision, { description: 'What comes of it.' })
  decision!: AccessDecision;

  @HoldsAtMost(PERMISSIONS.length)
  @Field(() => [String], {
    description: 'The permissions that the user lacks, or the roles of which any one would do. Empty when allowed.',
  })
  missing!: readonly string[];
}
