import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { ENV } from '../config/env.js';
import { cookieAttributes, cookieNames, type CookieSettings } from './cookie-settings.js';

/** Writes and clears the two cookies of `transport: COOKIE`. Reading them is `RequestCredentials`' business. */
@Injectable()
export class AuthCookies {
  constructor(@Inject(ENV) private readonly settings: CookieSettings) {
    if (!settings.COOKIE_SECURE) {
      new Logger(AuthCookies.name).warn(
        'COOKIE_SECURE is off: token cookies travel over plain http and without the __Host- prefix. Only for localhost.',
      );
    }
  }

  /** Max-Age is explicit: a session cookie would be lost with the browser window. Lifetimes in seconds. */
  set(response: Response, access: { token: string; maxAge: number }, refresh: { token: string; maxAge: number }): void {
    const names = cookieNames(this.settings);
    const attributes = cookieAttributes(this.settings);
    response.cookie(names.access, access.token, { ...attributes, maxAge: access.maxAge * 1000 });
    response.cookie(names.refresh, refresh.token, { ...attributes, maxAge: refresh.maxAge * 1000 });
  }

  clear(response: Response): void {
    for (const name of Object.values(cookieNames(this.settings))) {
      response.clearCookie(name, cookieAttributes(this.settings));
    }
  }
}
