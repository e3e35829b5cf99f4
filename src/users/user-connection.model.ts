import { Field, ObjectType } from '@nestjs/graphql';
import { PageInfo } from '../paging/page-info.model.js';
import type { UserFilter } from './user-list.args.js';
import type { User } from './user.entity.js';
import { UserModel } from './user.model.js';

@ObjectType({ description: 'A user in a list.' })
export class UserEdge {
  @Field(() => String, { description: 'The place of this user in this list.' })
  cursor!: string;

  @Field(() => UserModel, { description: 'The user.' })
  node!: User;
}

@ObjectType({ description: 'A page of a list of users.' })
export class UserConnection {
  @Field(() => [UserEdge], { description: 'The users with their cursors.' })
  edges!: UserEdge[];

  @Field(() => [UserModel], { description: 'The users.' })
  nodes!: User[];

  @Field(() => PageInfo, { description: 'What is before and behind this page.' })
  pageInfo!: PageInfo;

  /** For `totalCount`, which is counted only when it is asked for. */
  filter!: UserFilter;
}
