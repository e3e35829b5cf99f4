import type { CookieOptions } from 'express';
import type { Env } from '../config/env.js';

export type CookieSettings = Pick<Env, 'COOKIE_SECURE' | 'COOKIE_SAMESITE' | 'COOKIE_DOMAIN'>;

/**
 * `__Host-` makes the browser refuse the cookie unless it is Secure, has no Domain and covers the whole site, so that
 * neither a sibling domain nor plain http can plant one (RFC 6265bis section 4.1.3). With COOKIE_DOMAIN only
 * `__Secure-` is possible; without TLS, on localhost, no prefix is.
 */
export function cookieNames(settings: CookieSettings) {
  const secure = settings.COOKIE_DOMAIN ? '__Secure-' : '__Host-';
  const prefix = settings.COOKIE_SECURE ? secure : '';
  return {
    access: `${prefix}latchkey-access`,
    refresh: `${prefix}latchkey-refresh`,
    device: `${prefix}latchkey-device`,
    signup: `${prefix}latchkey-signup`,
  };
}

/** The attributes with which cookies are set and cleared alike: a browser clears only what matches. */
export function cookieAttributes(settings: CookieSettings): CookieOptions {
  return {
    httpOnly: true,
    secure: settings.COOKIE_SECURE,
    sameSite: settings.COOKIE_SAMESITE,
    path: '/',
    ...(settings.COOKIE_DOMAIN ? { domain: settings.COOKIE_DOMAIN } : {}),
  };
}

/** The paths below `/` of which a browser sends cookies to `/graphql` (RFC 6265 section 5.1.4). */
export function pathsToGraphql({ PUBLIC_URL }: Pick<Env, 'PUBLIC_URL'>): string[] {
  const segments = `${new URL(PUBLIC_URL).pathname}/graphql`.split('/').filter(Boolean);
  const paths = segments.map((_, index) => `/${segments.slice(0, index + 1).join('/')}`);
  return paths.flatMap((path, index) => (index < paths.length - 1 ? [path, `${path}/`] : [path]));
}
