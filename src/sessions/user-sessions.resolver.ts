import { Context, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import DataLoader from 'dataloader';
import { Permissions } from '../access/access.decorators.js';
import type { GraphQLContext } from '../access/request.js';
import { perRequest } from '../common/per-request.js';
import { HoldsAtMost } from '../paging/list-bound.js';
import type { UserRecord } from '../users/user.entity.js';
import { UserModel } from '../users/user.model.js';
import type { Session } from './session.entity.js';
import { SessionModel } from './session.model.js';
import { SessionsService } from './sessions.service.js';

/** `User.sessions` lives here and not in `users/`, because sessions know of users and not the other way round. */
@Resolver(() => UserModel)
export class UserSessionsResolver {
  // Batches only: with a cache, reading again after a mutation of the same document would answer from before it.
  private readonly loaderOf = perRequest(
    () => new DataLoader((userIds: readonly string[]) => this.load(userIds), { cache: false }),
  );

  constructor(private readonly sessions: SessionsService) {}

  @HoldsAtMost('MAX_SESSIONS_PER_USER')
  @ResolveField('sessions', () => [SessionModel], { nullable: true, description: 'The live sessions of this user.' })
  @Permissions('users:read')
  sessionsOf(@Parent() user: UserRecord, @Context() { req }: GraphQLContext): Promise<Session[]> {
    return this.loaderOf(req).load(user.id);
  }

  private async load(userIds: readonly string[]): Promise<Session[][]> {
    const byUser = Map.groupBy(await this.sessions.listLive(userIds), (session) => session.user.id);
    return userIds.map((id) => byUser.get(id) ?? []);
  }
}
