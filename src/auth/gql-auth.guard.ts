import { type ExecutionContext, Injectable } from '@nestjs/common';
import { JsonWebTokenError } from '@nestjs/jwt';
import { AuthGuard } from '@nestjs/passport';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { Request } from 'express';
import { type GraphQLResolveInfo, OperationTypeNode } from 'graphql';
import { accessRuleOf } from '../access/access-rule.js';
import { tokenMissing } from '../access/access.errors.js';
import { requestOf, rootFieldOf } from '../access/request.js';
import { grantedPrincipal } from '../access/request-principal.js';
import { ErrorAction } from '../common/error-codes.js';
import { SessionCheck } from '../sessions/session-check.service.js';
import { tokenInvalid } from '../tokens/token.errors.js';
import { VerifiedTokens } from '../tokens/verified-tokens.js';
import { RequestCredentials } from './request-credentials.js';

/** One verification and one look at the session, however many fields ask. */
interface Authentication {
  readonly scope: string;
  readonly outcome: Promise<boolean>;
}

/** No name of a field. */
const REQUEST = '';

/**
 * Establishes who calls: on every root field, on every restricted field, on every controller method. Global, and
 * closed by default: a root field without a rule is refused (and stops the boot, see `access-map.check.ts`).
 *
 * A plain field resolver without a rule follows its parent, which was let through already.
 */
@Injectable()
export class GqlAuthGuard extends AuthGuard('jwt') {
  private readonly authentications = new WeakMap<Request, Authentication>();

  constructor(
    private readonly credentials: RequestCredentials,
    private readonly verified: VerifiedTokens,
    private readonly sessions: SessionCheck,
  ) {
    super();
  }

  override getRequest(context: ExecutionContext): Request {
    return requestOf(context);
  }

  override canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const rule = accessRuleOf(context.getHandler());
    if (rule?.kind === 'public') return true;
    if (!rule && isNestedField(context)) return true;
    if (!rule) return false;
    return grantedPrincipal(context) ? true : this.authenticate(context);
  }

  /** Maps the failures of Passport and its libraries to our codes; their texts stay inside. */
  override handleRequest<TUser>(error: unknown, user: TUser | false, info: unknown): TUser {
    if (error instanceof Error) throw error;
    if (info instanceof JsonWebTokenError) throw tokenInvalid();
    if (info instanceof Error) throw info;
    if (!user) throw tokenInvalid();
    return user;
  }

  private authenticate(context: ExecutionContext): Promise<boolean> {
    const request = this.getRequest(context);
    const scope = scopeOf(context);
    const present = this.authentications.get(request);
    if (present?.scope === scope) return present.outcome;
    const outcome = this.authenticateOnce(context, request);
    this.authentications.set(request, { scope, outcome });
    return outcome;
  }

  private async authenticateOnce(context: ExecutionContext, request: Request): Promise<boolean> {
    const token = this.credentials.accessToken(request);
    if (!token) {
      // The browser drops the access cookie when its token expires; the refresh cookie outlives it.
      throw tokenMissing(this.credentials.hasRefreshCookie(request) ? ErrorAction.REFRESH : ErrorAction.LOGIN);
    }
    const claims = this.verified.claimsOf(token);
    if (!claims) return (await super.canActivate(context)) as boolean;
    request.user = await this.sessions.principalOf(claims);
    return true;
  }
}

/**
 * What an authentication is good for: all of a query, one root field of a mutation. Those run one after the other, and an
 * earlier one can take its time, or be what ends the caller's rights.
 */
function scopeOf(context: ExecutionContext): string {
  if (context.getType<'graphql' | 'http'>() !== 'graphql') return REQUEST;
  const info = GqlExecutionContext.create(context).getInfo<GraphQLResolveInfo>();
  return info.operation.operation === OperationTypeNode.MUTATION ? rootFieldOf(info) : REQUEST;
}

/** True below the root of a GraphQL document. A root field's parent object is the (absent) root value. */
function isNestedField(context: ExecutionContext): boolean {
  if (context.getType<'graphql' | 'http'>() !== 'graphql') return false;
  return GqlExecutionContext.create(context).getInfo<GraphQLResolveInfo>().path.prev !== undefined;
}
