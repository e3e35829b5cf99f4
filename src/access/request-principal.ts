import type { ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import type { Request } from 'express';
import { perRequest } from '../common/per-request.js';
import type { Principal } from './principal.js';
import { requestOf, rootFieldOf } from './request.js';

const grants = perRequest(() => new Map<string, Principal>());

/**
 * Makes `principal` the caller of the rest of the root field that is being resolved: `login`, `signup` and `refresh`
 * answer restricted fields of their own payload. Other root fields of the same document keep the request's caller.
 */
export function grantPrincipal(request: Request, info: GraphQLResolveInfo, principal: Principal): void {
  grants(request).set(rootFieldOf(info), principal);
}

/** The caller that a root field granted to its own payload, if it did. */
export function grantedPrincipal(context: ExecutionContext): Principal | undefined {
  if (context.getType<'graphql' | 'http'>() !== 'graphql') return undefined;
  const info = GqlExecutionContext.create(context).getInfo<GraphQLResolveInfo>();
  return grants(requestOf(context)).get(rootFieldOf(info));
}

/** The caller of this field, once `GqlAuthGuard` has let it through. Passport keeps it as `request.user`. */
export function principalOf(context: ExecutionContext): Principal | undefined {
  return grantedPrincipal(context) ?? requestOf(context).user;
}
