import type { ObjectQuery } from '@mikro-orm/core';
import { Field, ObjectType } from '@nestjs/graphql';
import { PageInfo } from '../paging/page-info.model.js';
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

  /** What the filter amounts to, for `totalCount`, which is counted only when it is asked for. */
  where!: ObjectQuery<User>;
}
