import { Inject, Injectable } from '@nestjs/common';
import { parseCookie } from 'cookie';
import type { Request } from 'express';
import { forbidden } from '../access/access.errors.js';
import { AppError } from '../common/app-error.js';
import { perRequest } from '../common/per-request.js';
import { ENV, type Env } from '../config/env.js';
import { tokenInvalid } from '../tokens/token.errors.js';
import { type CookieSettings, cookieNames } from './cookie-settings.js';
import { TokenTransport } from './token-transport.js';

/** RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1). */
const BEARER = /^bearer +([^\s,]+)$/i;

/** See `cookieNames`. */
const OUR_COOKIE = /^(__(Host|Secure)-)?latchkey-(access|refresh|device|signup)$/;

/**
 * Finds the tokens of a request: the only place that reads the Authorization header and our cookies.
 *
 * A browser attaches cookies to requests that other sites cause, so cookies count only where the browser says that one
 * of our own origins sent a POST (OWASP CSRF cheat sheet, "verifying origin with standard headers").
 */
@Injectable()
export class RequestCredentials {
  private readonly trustedOrigins: ReadonlySet<string>;
  private readonly names: ReturnType<typeof cookieNames>;

  constructor(@Inject(ENV) env: CookieSettings & Pick<Env, 'CORS_ORIGINS' | 'PUBLIC_URL'>) {
    this.trustedOrigins = new Set([...env.CORS_ORIGINS, new URL(env.PUBLIC_URL).origin]);
    this.names = cookieNames(env);
  }

  /** The access token, or undefined without one. Throws `TOKEN_INVALID` for a header that is not one Bearer token. */
  accessToken(request: Request): string | undefined {
    const headers = request.headersDistinct['authorization'];
    if (!headers) return this.accessCookie(request);
    const token = headers.length === 1 ? BEARER.exec(headers[0] ?? '')?.[1] : undefined;
    if (!token) throw tokenInvalid();
    return token;
  }

  /**
   * The refresh token and the way it came, which is the way that its successor goes back. Two cookies of different values count
   * as none.
   */
  refreshToken(
    request: Request,
    argument: string | null | undefined,
  ): { token: string; transport: TokenTransport } | undefined {
    if (argument) return { token: argument, transport: TokenTransport.BODY };
    const token = this.cookie(request, this.names.refresh);
    return token ? { token, transport: TokenTransport.COOKIE } : undefined;
  }

  /** True when `refresh` would find a token in a cookie. */
  hasRefreshCookie(request: Request): boolean {
    return Boolean(ignoringRefusal(() => this.cookie(request, this.names.refresh)));
  }

  /** The session that a sign-in with cookies replaces. What is not acceptable counts as absent. */
  cookieTokens(request: Request) {
    return {
      accessToken: ignoringRefusal(() => this.cookie(request, this.names.access)),
      refreshToken: ignoringRefusal(() => this.cookie(request, this.names.refresh)),
    };
  }

  /** True when there is another cookie beside one of ours, under its name: a neighbouring host has set it. */
  hasTwins(request: Request): boolean {
    return Object.values(this.names).some((name) => valuesOf(request, name).length > 1);
  }

  /** For what works without any: whatever is there. A header or cookie that is not acceptable counts as absent. */
  anyTokens(request: Request, argument: string | null | undefined) {
    return {
      accessToken: ignoringRefusal(() => this.accessToken(request)),
      refreshToken: ignoringRefusal(() => this.refreshToken(request, argument)?.token),
    };
  }

  /** What shows that an account was made in this browser (`signup-cookie.ts`). */
  signupCookie(request: Request): string | undefined {
    return ignoringRefusal(() => this.cookie(request, this.names.signup));
  }

  /**
   * What shows that a device has been here before. It authenticates nobody, so it counts from any origin: the worst that
   * another site could do with it is to spend attempts, and its requests do not get past the preflight.
   */
  traces(request: Request, argument?: string | null) {
    const only = (name: string) => {
      const [value, other] = valuesOf(request, name);
      return other === undefined ? value : undefined;
    };
    return { deviceCookie: only(this.names.device), refreshToken: argument || only(this.names.refresh) };
  }

  /** Two are refused as two headers are: nobody can tell which of them the browser was given by us. */
  private accessCookie(request: Request): string | undefined {
    const token = this.cookie(request, this.names.access);
    if (!token && valuesOf(request, this.names.access).length > 1) throw tokenInvalid();
    return token;
  }

  /** Two of one name count as none. */
  private cookie(request: Request, name: string): string | undefined {
    const values = valuesOf(request, name);
    if (values.length > 0 && !this.isFromOurselves(request)) {
      throw forbidden('Cookies are accepted only with POST and from an origin listed in CORS_ORIGINS.');
    }
    return values.length === 1 ? values[0] : undefined;
  }

  private isFromOurselves({ method, headers }: Request): boolean {
    if (method !== 'POST') return false;
    return headers['sec-fetch-site'] === 'same-origin' || this.trustedOrigins.has(headers.origin ?? '');
  }
}

/**
 * The different values of each name of ours, of which two are as many as more: what a stranger adds to them is not kept. Of several
 * cookies the parser takes the first one, so it is given each alone.
 */
const cookiesOf = perRequest(({ headers: { cookie = '' } }: Request): ReadonlyMap<string, ReadonlySet<string>> => {
  const cookies = new Map<string, Set<string>>();
  for (const pair of cookie.split(';')) {
    const [[name, value] = []] = Object.entries(parseCookie(pair));
    if (!name || !value || !OUR_COOKIE.test(name)) continue;
    const values = cookies.get(name) ?? new Set();
    if (values.size < 2) cookies.set(name, values.add(value));
  }
  return cookies;
});

const valuesOf = (request: Request, name: string): readonly string[] => [...(cookiesOf(request).get(name) ?? [])];

function ignoringRefusal<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
