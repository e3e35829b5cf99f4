import { Args, Context, ID, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authenticated } from '../access/access.decorators.js';
import { CurrentPrincipal } from '../access/current-principal.decorator.js';
import type { Principal } from '../access/principal.js';
import { clientOf, type GraphQLContext } from '../access/request.js';
import { HoldsAtMost } from '../paging/list-bound.js';
import type { Session } from '../sessions/session.entity.js';
import { SessionModel } from '../sessions/session.model.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { OwnSessionsService } from './own-sessions.service.js';

/** What users see and end of their own sessions (ASVS 7.5.2). */
@Resolver()
export class OwnSessionsResolver {
  constructor(
    private readonly sessions: SessionsService,
    private readonly ownSessions: OwnSessionsService,
  ) {}

  @HoldsAtMost('MAX_SESSIONS_PER_USER')
  @Query(() => [SessionModel], { description: 'Where the user is signed in, the most recently active first.' })
  @Authenticated()
  mySessions(@CurrentPrincipal() principal: Principal): Promise<Session[]> {
    return this.sessions.listLive([principal.userId]);
  }

  @Mutation(() => Boolean, { description: 'Ends one of the own sessions at once, on every device and server.' })
  @Authenticated()
  revokeSession(
    @Args('id', { type: () => ID, description: 'The id of one of `mySessions`.' }) id: string,
    @CurrentPrincipal() principal: Principal,
    @Context() { req }: GraphQLContext,
  ): Promise<boolean> {
    return this.ownSessions.revokeOne(principal, id, clientOf(req));
  }

  @Mutation(() => Int, { description: 'Ends all own sessions but this one, and tells how many there were.' })
  @Authenticated()
  revokeOtherSessions(@CurrentPrincipal() principal: Principal, @Context() { req }: GraphQLContext): Promise<number> {
    return this.ownSessions.revokeOthers(principal, clientOf(req));
  }
}
