import { Inject, Injectable } from '@nestjs/common';
import { parseCookie } from 'cookie';
import type { Request } from 'express';
import { forbidden } from '../access/access.errors.js';
import { AppError } from '../common/app-error.js';
import { ENV, type Env } from '../config/env.js';
import { tokenInvalid } from '../tokens/token.errors.js';
import { type CookieSettings, cookieNames } from './cookie-settings.js';
import { TokenTransport } from './token-transport.js';

/** RFC 6750 section 2.1; the scheme is case-insensitive (RFC 9110 section 11.1). */
const BEARER = /^bearer +([^\s,]+)$/i;

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
    if (!headers) return this.cookie(request, this.names.access);
    const token = headers.length === 1 ? BEARER.exec(headers[0] ?? '')?.[1] : undefined;
    if (!token) throw tokenInvalid();
    return token;
  }

  /** The refresh token and the way it came, which is the way that its successor goes back. */
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

  /** For logging out: whatever is there. A header or cookie that is not acceptable counts as absent. */
  anyTokens(request: Request, argument: string | null | undefined) {
    return {
      accessToken: ignoringRefusal(() => this.accessToken(request)),
      refreshToken: ignoringRefusal(() => this.refreshToken(request, argument)?.token),
    };
  }

  /**
   * What shows that a device has been here before. It authenticates nobody, so it counts from any origin: the worst that
   * another site could do with it is to spend attempts, and its requests do not get past the preflight.
   */
  traces(request: Request, argument?: string | null) {
    const cookies = parseCookie(request.headers.cookie ?? '');
    return { deviceCookie: cookies[this.names.device], refreshToken: argument || cookies[this.names.refresh] };
  }

  private cookie(request: Request, name: string): string | undefined {
    const value = parseCookie(request.headers.cookie ?? '')[name];
    if (value && !this.isFromOurselves(request)) {
      throw forbidden('Cookies are accepted only with POST and from an origin listed in CORS_ORIGINS.');
    }
    return value;
  }

  private isFromOurselves({ method, headers }: Request): boolean {
    if (method !== 'POST') return false;
    return headers['sec-fetch-site'] === 'same-origin' || this.trustedOrigins.has(headers.origin ?? '');
  }
}

function ignoringRefusal<T>(find: () => T): T | undefined {
  try {
    return find();
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}
