import { Args, Context, ID, Info, Mutation, Resolver } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { Permissions } from '../access/access.decorators.js';
import type { GraphQLContext } from '../access/request.js';
import { AuthPayload } from '../auth/auth-payload.model.js';
import { AuthResponder } from '../auth/auth-responder.js';
import { TokenTransport } from '../auth/token-transport.js';
import type { Authority } from './authority.js';
import { CurrentAuthority } from './current-authority.decorator.js';
import { RECENT_SIGN_IN } from './recent-sign-in.js';
import { Impersonation } from './impersonation.service.js';

@Resolver()
export class ImpersonationResolver {
  constructor(
    private readonly impersonation: Impersonation,
    private readonly responder: AuthResponder,
  ) {}

  @Mutation(() => AuthPayload, {
    description:
      'Opens a session in which you act as the user, for at most an hour. The user sees it in `mySessions`, and the reason ' +
      'in `myAuditEvents`. Credentials can not be changed in it. Tokens come in the payload: cookies stay your own. ' +
      `It ${RECENT_SIGN_IN}.`,
  })
  @Permissions('users:impersonate')
  async impersonate(
    @Args('userId', {
      type: () => ID,
      description: 'Whom to act as. No administrator, and nobody with a role or permission that you do not hold.',
    })
    userId: string,
    @Args('reason', { description: 'Why, for the audit trail and the user, on one line. 1 to 500 characters.' })
    reason: string,
    @CurrentAuthority() authority: Authority,
    @Context() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AuthPayload> {
    const signedIn = await this.impersonation.begin(authority, userId, reason);
    return this.responder.payload(signedIn, { transport: TokenTransport.BODY, context, info });
  }
}
