import { Injectable } from '@nestjs/common';
import type { GraphQLResolveInfo } from 'graphql';
import type { GraphQLContext } from '../access/request.js';
import { grantPrincipal } from '../access/request-principal.js';
import { Clock } from '../common/clock.js';
import { AuthCookies } from './auth-cookies.js';
import { KnownDevices } from './known-devices.js';
import { AuthPayload, EmailVerificationRequired } from './auth-payload.model.js';
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
    private readonly devices: KnownDevices,
    private readonly clock: Clock,
  ) {}

  /** Of a sign-in with a password: from now on its device is known to the account. */
  answer(outcome: SignedIn | EmailVerificationRequired, delivery: Delivery): AuthPayload | EmailVerificationRequired {
    if (outcome instanceof EmailVerificationRequired) return outcome;
    const payload = this.payload(outcome, delivery);
    this.devices.remember(delivery.context.req, delivery.context.res, outcome.user.email);
    return payload;
  }

  payload(signedIn: SignedIn, { transport, context, info }: Delivery): AuthPayload {
    const { user, session, accessToken, refreshToken } = signedIn;
    const now = this.clock.now();
    const inCookies = transport === TokenTransport.COOKIE;
    if (inCookies) {
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
}
