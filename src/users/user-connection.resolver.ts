import { Int, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { CountsFor } from '../paging/work.js';
import { UserConnection } from './user-connection.model.js';
import { MAX_COUNT, UserList } from './user-list.service.js';

@Resolver(() => UserConnection)
export class UserConnectionResolver {
  constructor(private readonly list: UserList) {}

  @CountsFor(200)
  @ResolveField(() => Int, {
    description: `How many users the filter lets through. Counted up to ${MAX_COUNT}: then there may be more.`,
  })
  totalCount(@Parent() { where }: UserConnection): Promise<number> {
    return this.list.count(where);
  }
}
