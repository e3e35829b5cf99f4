import { Inject, Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { ENV, type Env } from '../config/env.js';
import { cookieAttributes, cookieNames, type CookieSettings, pathsToGraphql } from './cookie-settings.js';

/** Browsers keep no cookie for longer (RFC 6265bis section 5.5). Milliseconds. */
const DEVICE_COOKIE_MAX_AGE = 400 * 86_400_000;

/** Long enough for whoever looks into the mailbox a few days later. Milliseconds. */
const SIGNUP_COOKIE_MAX_AGE = 7 * 86_400_000;

/**
 * Writes the two token cookies of `transport: COOKIE`, the device cookie, and that of a sign-up that has to be confirmed.
 * Reading them is `RequestCredentials`' business.
 */
@Injectable()
export class AuthCookies {
  constructor(@Inject(ENV) private readonly settings: CookieSettings & Pick<Env, 'PUBLIC_URL'>) {}

  /** Max-Age is explicit: a session cookie would be lost with the browser window. Lifetimes in seconds. */
  set(response: Response, access: { token: string; maxAge: number }, refresh: { token: string; maxAge: number }): void {
    const names = cookieNames(this.settings);
    const attributes = cookieAttributes(this.settings);
    response.cookie(names.access, access.token, { ...attributes, maxAge: access.maxAge * 1000 });
    response.cookie(names.refresh, refresh.token, { ...attributes, maxAge: refresh.maxAge * 1000 });
  }

  /** Ends the token cookies. The device cookie stays: that this device has signed in is still true afterwards. */
  clear(response: Response): void {
    const { access, refresh } = cookieNames(this.settings);
    for (const name of [access, refresh]) response.clearCookie(name, cookieAttributes(this.settings));
  }

  /**
   * Ends what a neighbouring host has set under our names for a part of this one. A browser sends it before our own, and keeps
   * it until it is named by its very path.
   */
  clearTwins(response: Response): void {
    const attributes = cookieAttributes(this.settings);
    for (const name of Object.values(cookieNames(this.settings))) {
      for (const path of pathsToGraphql(this.settings)) response.clearCookie(name, { ...attributes, path });
    }
  }

  setSignup(response: Response, value: string): void {
    const attributes = { ...cookieAttributes(this.settings), maxAge: SIGNUP_COOKIE_MAX_AGE };
    response.cookie(cookieNames(this.settings).signup, value, attributes);
  }

  setDevice(response: Response, value: string): void {
    const attributes = { ...cookieAttributes(this.settings), maxAge: DEVICE_COOKIE_MAX_AGE };
    response.cookie(cookieNames(this.settings).device, value, attributes);
  }
}
