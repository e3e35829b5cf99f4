import { isIP } from 'node:net';
import type { ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { Request, Response } from 'express';
import type { GraphQLResolveInfo } from 'graphql';
import type { ClientInfo } from '../common/client-info.js';
import { canonicalLocale } from '../common/locale.js';
import { canonicalAddress } from '../common/network.js';

/** What every resolver finds in its context. Made afresh for each request. */
export interface GraphQLContext {
  req: Request;
  res: Response;
}

/** The HTTP request behind a resolver or a controller method. */
export function requestOf(context: ExecutionContext): Request {
  return context.getType<'graphql' | 'http'>() === 'graphql'
    ? GqlExecutionContext.create(context).getContext<GraphQLContext>().req
    : context.switchToHttp().getRequest<Request>();
}

/** The response name (alias or field name) of the root field that a resolver works under. */
export function rootFieldOf(info: GraphQLResolveInfo): string {
  let path = info.path;
  while (path.prev) path = path.prev;
  return String(path.key);
}

const USER_AGENT_MAX_LENGTH = 500;

/**
 * Address and device of the caller. Express works the address out under `TRUST_PROXY`; what a proxy hands down and is no
 * address (ASVS 4.1.3) counts as coming from the proxy itself.
 */
export function clientOf(request: Request): ClientInfo {
  const { ip, socket, headers } = request;
  const userAgent = headers['user-agent']?.replace(/\p{C}/gu, '').slice(0, USER_AGENT_MAX_LENGTH);
  const address = ip && isIP(ip) !== 0 ? ip : socket.remoteAddress;
  return {
    ipAddress: address === undefined ? null : canonicalAddress(address),
    userAgent: userAgent || null,
    // Worked out when somebody asks: most requests write no mail.
    get locale() {
      return canonicalLocale(request.acceptsLanguages()[0]);
    },
  };
}
