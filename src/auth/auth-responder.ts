import { Injectable } from '@nestjs/common';
import type { GraphQLResolveInfo } from 'graphql';
import { clientOf, type GraphQLContext } from '../access/request.js';
import { grantPrincipal } from '../access/request-principal.js';
import { Clock } from '../common/clock.js';
import { AuthCookies } from './auth-cookies.js';
import { KnownDevices } from './known-devices.js';
import { AuthPayload, EmailVerificationRequired } from './auth-payload.model.js';
import { LogoutService } from './logout.service.js';
import { RequestCredentials } from './request-credentials.js';
import type { SignedIn } from './signed-in.js';
import { TokenTransport } from './token-transport.js';

/** Where an answer goes: the request it belongs to, and the way that the tokens take. */
export interface Delivery {
  readonly transport: TokenTransport | null;
  readonly context: GraphQLContext;
  readonly info: GraphQLResolveInfo;
}

/** Hands a sign-in to the client: tokens into the payload or into cookies, and the user becomes its caller. */
@Injectable()
export class AuthResponder {
  constructor(
    private readonly cookies: AuthCookies,
    private readonly credentials: RequestCredentials,
    private readonly devices: KnownDevices,
    private readonly logouts: LogoutService,
    private readonly clock: Clock,
  ) {}

  /** Of a sign-in: from now on its device is known to the account, and cookies that it replaces stand for no session. */
  async answer(
    outcome: SignedIn | EmailVerificationRequired,
    delivery: Delivery,
  ): Promise<AuthPayload | EmailVerificationRequired> {
    if (outcome instanceof EmailVerificationRequired) return outcome;
    if (delivery.transport === TokenTransport.COOKIE) await this.endReplaced(delivery.context);
    const payload = this.payload(outcome, delivery);
    this.devices.remember(delivery.context.req, delivery.context.res, outcome.user);
    return payload;
  }

  /** Where a neighbouring host has set cookies beside ours, they go. */
  clearTwins({ req, res }: GraphQLContext): void {
    if (this.credentials.hasTwins(req)) this.cookies.clearTwins(res);
  }

  payload(signedIn: SignedIn, { transport, context, info }: Delivery): AuthPayload {
    const { user, session, accessToken, refreshToken } = signedIn;
    const now = this.clock.now();
    const inCookies = transport === TokenTransport.COOKIE;
    if (inCookies) {
      this.clearTwins(context);
      const refreshMaxAge = Math.round((session.expiresAt.getTime() - now.getTime()) / 1000);
      const access = { token: accessToken.token, maxAge: accessToken.expiresIn };
      this.cookies.set(context.res, access, { token: refreshToken, maxAge: refreshMaxAge });
    }
    grantPrincipal(context.req, info, signedIn.principal);
    return Object.assign(new AuthPayload(), {
      // ASVS 10.1.1: with cookies the tokens appear nowhere else.
      accessToken: inCookies ? null : accessToken.token,
      refreshToken: inCookies ? null : refreshToken,
      tokenType: 'Bearer',
      expiresIn: accessToken.expiresIn,
      expiresAt: accessToken.expiresAt,
      refreshExpiresAt: session.expiresAt,
      serverTime: now,
      user,
      session,
    });
  }

  /** The former session of this browser, whoever's it was, has no cookies any more with which it could be ended (ASVS 7.2.4). */
  private async endReplaced(context: GraphQLContext): Promise<void> {
    await this.logouts.logout(this.credentials.cookieTokens(context.req), false, clientOf(context.req));
  }
}
