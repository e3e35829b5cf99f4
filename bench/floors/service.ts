import { randomBytes } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { v7 } from 'uuid';
import { checkPassword } from './password.ts';
import { Store, type UserRow } from './store.ts';
import {
  type Claims,
  expiresIn,
  formatRefreshToken,
  isGenuine,
  parseRefreshToken,
  signAccessToken,
  verifyAccessToken,
} from './tokens.ts';

const SESSION_MS = 30 * 86_400_000;

export interface Context {
  readonly caller: Caller;
}

/** Who makes a request. The token is verified when a field asks for it, and once. */
export class Caller {
  readonly ipAddress: string;
  readonly #authorization: string | undefined;
  #claims: Claims | undefined;

  constructor(authorization: string | undefined, ipAddress: string) {
    this.#authorization = authorization;
    this.ipAddress = ipAddress;
  }

  get claims(): Claims {
    if (!this.#authorization?.startsWith('Bearer ')) throw new GraphQLError('unauthenticated');
    return (this.#claims ??= verifyAccessToken(this.#authorization.slice(7)));
  }
}

/**
 * What both floors answer. The least that an expert would write by hand: an access token is verified and nothing is asked
 * about its session, so a revoked one works until it expires.
 */
export function createResolvers(file: string) {
  const store = new Store(file);
  const rotate = store.transaction((session: { id: string; counter: number; userId: string }, caller: Caller) => {
    const now = Date.now();
    const { changes } = store.advance.run({
      id: session.id,
      counter: session.counter,
      now,
      expiresAt: now + SESSION_MS,
    });
    if (changes === 0) throw new GraphQLError('refused');
    audit('session.refreshed', session.userId, session.id, caller);
  });
  const open = store.transaction((session: { id: string; userId: string; salt: string }, caller: Caller) => {
    const now = Date.now();
    store.touchUser.run({ id: session.userId, now });
    store.insertSession.run({ ...session, now, expiresAt: now + SESSION_MS });
    audit('user.logged_in', session.userId, session.id, caller);
  });

  function audit(
    type: 'session.refreshed' | 'user.logged_in',
    userId: string,
    sessionId: string,
    caller: Caller,
  ): void {
    store.insertAudit.run({ id: v7(), at: Date.now(), type, userId, sessionId, ipAddress: caller.ipAddress });
  }

  const User = {
    createdAt: (user: UserRow) => new Date(user.createdAt).toISOString(),
    roles: (user: UserRow) => parseList(user.roles),
    permissions: (user: UserRow, _args: unknown, { caller }: Context) => {
      if (caller.claims.sub !== user.id) throw new GraphQLError('forbidden');
      return store.permissions.all(user.id).flatMap(({ permissions }) => parseList(permissions));
    },
  };

  const Query = {
    me: (_root: unknown, _args: unknown, { caller }: Context) => store.userById.get(caller.claims.sub),
    users: (_root: unknown, { first = 20 }: { first?: number }, { caller }: Context) => {
      if (!caller.claims.roles.includes('admin')) throw new GraphQLError('forbidden');
      const rows = store.newestUsers.all(first + 1);
      const nodes = rows.slice(0, first);
      return { nodes, pageInfo: { hasNextPage: rows.length > first, endCursor: nodes.at(-1)?.id ?? null } };
    },
  };

  const Mutation = {
    login: async (_root: unknown, { input }: { input: { email: string; password: string } }, { caller }: Context) => {
      const user = store.credentials.get(input.email);
      if (!user || !(await checkPassword(input.password, user.passwordHash))) throw new GraphQLError('refused');
      const session = { id: v7(), userId: user.id, salt: randomBytes(32).toString('base64url') };
      open(session, caller);
      return payload({ ...session, counter: 0, createdAt: Date.now(), version: user.version, roles: user.roles });
    },
    refresh: (_root: unknown, { input }: { input: { refreshToken: string } }, { caller }: Context) => {
      const token = parseRefreshToken(input.refreshToken);
      const session = store.session.get(token.sessionId);
      if (!session || !isGenuine(token, session.salt)) throw new GraphQLError('refused');
      const isOver = session.revokedAt !== null || session.disabledAt !== null || session.expiresAt <= Date.now();
      if (isOver || token.counter !== session.counter) throw new GraphQLError('refused');
      rotate({ id: token.sessionId, counter: session.counter, userId: session.userId }, caller);
      return payload({ ...session, id: token.sessionId, counter: session.counter + 1 });
    },
  };

  return { User, Query, Mutation };
}

interface OpenSession {
  readonly id: string;
  readonly userId: string;
  readonly salt: string;
  readonly counter: number;
  readonly createdAt: number;
  readonly version: number;
  readonly roles: string;
}

function payload(session: OpenSession) {
  const accessToken = signAccessToken({
    userId: session.userId,
    sessionId: session.id,
    roles: parseList(session.roles),
    version: session.version,
    authTime: Math.floor(session.createdAt / 1000),
  });
  const refreshToken = formatRefreshToken(session.id, session.counter, session.salt);
  return { __typename: 'AuthPayload', accessToken, refreshToken, expiresIn };
}

const parseList = (json: string): string[] => JSON.parse(json) as string[];
