import { ArgsType, Field, InputType, registerEnumType } from '@nestjs/graphql';
import { PageArgs } from '../paging/page-request.js';
import { CountsFor } from '../paging/work.js';

@InputType({ description: 'Which users. What is left out or null excludes nobody.' })
export class UserFilter {
  @CountsFor(1_000)
  @Field(() => String, {
    nullable: true,
    description:
      'What an address, its domain, a name or a last name begins with; where that finds nobody, what address or name holds ' +
      'anywhere. Letter case does not matter. Finds the first 200 of each: who is not among them is found by more letters. At most 100 characters.',
  })
  search?: string | null;

  @CountsFor(1_000)
  @Field(() => String, { nullable: true, description: 'Holds the role of this name.' })
  role?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Is disabled, or is not.' })
  disabled?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Has a confirmed address, or has not.' })
  emailVerified?: boolean | null;

  @Field(() => Date, { nullable: true, description: 'Was made at this moment or later.' })
  createdAfter?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Was made before this moment.' })
  createdBefore?: Date | null;
}

export enum UserOrder {
  CREATED_AT_DESC = 'CREATED_AT_DESC',
  CREATED_AT_ASC = 'CREATED_AT_ASC',
  EMAIL_ASC = 'EMAIL_ASC',
  LAST_LOGIN_DESC = 'LAST_LOGIN_DESC',
}

registerEnumType(UserOrder, {
  name: 'UserOrder',
  description: 'In which order users are listed.',
  valuesMap: {
    CREATED_AT_DESC: { description: 'The newest account first.' },
    CREATED_AT_ASC: { description: 'The oldest account first.' },
    EMAIL_ASC: { description: 'By address.' },
    LAST_LOGIN_DESC: { description: 'Who signed in last comes first; who never did comes last.' },
  },
});

@ArgsType()
export class UserListArgs extends PageArgs {
  @Field(() => UserFilter, { nullable: true, description: 'Which users. All of them when absent.' })
  filter?: UserFilter | null;

  @Field(() => UserOrder, { nullable: true, description: 'CREATED_AT_DESC when absent.' })
  orderBy?: UserOrder | null;
}
