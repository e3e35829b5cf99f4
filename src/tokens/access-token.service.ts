import { Inject, Injectable } from '@nestjs/common';
import { JsonWebTokenError, JwtService } from '@nestjs/jwt';
import { v4 } from 'uuid';
import { AppError } from '../common/app-error.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import type { Algorithm } from '../keys/key-material.js';
import { KeysService } from '../keys/keys.service.js';
import { ACCESS_TOKEN_TYPE } from '../keys/token-header.js';
import { accessTokenClaims, type AccessTokenClaims } from './access-token.claims.js';
import { tokenExpired, tokenInvalid } from './token.errors.js';

/** The `client_id` of tokens from `login`: our own API, never a third party (RFC 9700 section 2.4). */
const FIRST_PARTY_CLIENT = 'latchkey';

/** The two families never meet: no key of one is loaded beside the other (RFC 8725 section 2.1). */
const SYMMETRIC: Algorithm[] = ['HS256'];
const ASYMMETRIC: Algorithm[] = ['ES256', 'RS256', 'PS256'];

/** Whom an access token speaks for, and until when. */
export interface AccessTokenSubject {
  userId: string;
  sessionId: string;
  roles: string[];
  version: number;
  authTime: Date;
  amr: string[];
  /** Who acts as the user. Null: the user. */
  actorId: string | null;
  /** The token never outlives its session, not even for verifiers that see nothing but the token. */
  notAfter: Date;
}

/** The session that a token is of. */
export interface NamedSession {
  readonly userId: string;
  readonly sessionId: string;
  /** The user, or who acts as them. */
  readonly actorId: string;
}

export interface IssuedAccessToken {
  token: string;
  expiresAt: Date;
  /** Seconds. */
  expiresIn: number;
}

/**
 * Issues and verifies access tokens (RFC 9068). Verification is in three parts because Passport does the middle:
 * `KeysService.verificationKey` fixes key and algorithm, the library checks signature, issuer and audience, and
 * `claims` everything else.
 */
@Injectable()
export class AccessTokenService {
  constructor(
    private readonly jwt: JwtService,
    private readonly keys: KeysService,
    private readonly clock: Clock,
    @Inject(ENV)
    private readonly env: Pick<
      Env,
      'JWT_ISSUER' | 'JWT_AUDIENCE' | 'JWT_ALGORITHM' | 'ACCESS_TOKEN_TTL' | 'CLOCK_TOLERANCE_SECONDS'
    >,
  ) {}

  issue(subject: AccessTokenSubject): IssuedAccessToken {
    const iat = this.clock.epochSeconds();
    const sessionEnd = Math.floor(subject.notAfter.getTime() / 1000);
    const exp = Math.min(iat + this.env.ACCESS_TOKEN_TTL, sessionEnd);
    const claims: AccessTokenClaims = {
      iss: this.env.JWT_ISSUER,
      aud: this.env.JWT_AUDIENCE,
      sub: subject.userId,
      sid: subject.sessionId,
      jti: v4(),
      iat,
      exp,
      auth_time: Math.floor(subject.authTime.getTime() / 1000),
      amr: subject.amr,
      client_id: FIRST_PARTY_CLIENT,
      roles: subject.roles,
      ver: subject.version,
      ...(subject.actorId !== null && { act: { sub: subject.actorId } }),
    };
    const { kid, algorithm } = this.keys.signing();
    // Not `signAsync`: it signs on the same thread, after a detour through streams.
    const token = this.jwt.sign(claims, {
      algorithm,
      header: { alg: algorithm, typ: ACCESS_TOKEN_TYPE, kid },
    });
    return { token, expiresAt: new Date(exp * 1000), expiresIn: exp - iat };
  }

  /** What the library must insist on. Time is left to `claims`, which reads the injected clock. */
  get verifyOptions() {
    const notByTheSystemClock = { ignoreExpiration: true, ignoreNotBefore: true };
    return {
      // After a change of JWT_ALGORITHM the former keys still verify. Each of them is bound to its own algorithm.
      algorithms: this.env.JWT_ALGORITHM === 'HS256' ? SYMMETRIC : ASYMMETRIC,
      issuer: this.env.JWT_ISSUER,
      audience: this.env.JWT_AUDIENCE,
      ...notByTheSystemClock,
      // Passport hands on the options that it knows by name, and these.
      jsonWebTokenOptions: notByTheSystemClock,
    };
  }

  /**
   * The claims of a payload whose signature was verified. Throws `TOKEN_INVALID` for a claim that is missing, mistyped
   * or from the future, and `TOKEN_EXPIRED` after its end.
   */
  claims(payload: unknown): AccessTokenClaims {
    const { data: claims } = accessTokenClaims.safeParse(payload);
    if (!claims) throw tokenInvalid();
    this.assertCurrent(claims);
    return claims;
  }

  /**
   * The part of `claims` that time decides: not from the future, and not past its end, which is `exp` or the lifetime that
   * this server gives a token, whichever comes first. All of it allows `CLOCK_TOLERANCE_SECONDS`.
   */
  assertCurrent({ iat, exp, nbf = iat, sub, sid, act }: AccessTokenClaims): void {
    const now = this.clock.epochSeconds();
    const tolerance = this.env.CLOCK_TOLERANCE_SECONDS;
    if (Math.max(iat, nbf) > now + tolerance) throw tokenInvalid();
    const end = Math.min(exp, iat + this.env.ACCESS_TOKEN_TTL);
    if (now >= end + tolerance) {
      throw tokenExpired({ userId: sub, sessionId: sid, ...(act && { impersonatorId: act.sub }) });
    }
  }

  /** The session of a genuine token, expired or not: enough to end that session, and for nothing else. */
  async sessionOf(token: string): Promise<NamedSession | undefined> {
    const claims = await this.genuineClaims(token);
    return claims && sessionIn(claims);
  }

  /** The session of a genuine token that has not expired. */
  async currentSessionOf(token: string): Promise<NamedSession | undefined> {
    const claims = await this.genuineClaims(token);
    return claims && this.isCurrent(claims) ? sessionIn(claims) : undefined;
  }

  private isCurrent(claims: AccessTokenClaims): boolean {
    try {
      this.assertCurrent(claims);
      return true;
    } catch (error) {
      if (error instanceof AppError) return false;
      throw error;
    }
  }

  private async genuineClaims(token: string): Promise<AccessTokenClaims | undefined> {
    try {
      const payload: unknown = await this.jwt.verifyAsync(token, this.verifyOptions);
      this.keys.countVerified(token);
      return accessTokenClaims.safeParse(payload).data;
    } catch (error) {
      if (error instanceof JsonWebTokenError) return undefined;
      throw error;
    }
  }
}

const sessionIn = ({ sub, sid, act }: AccessTokenClaims): NamedSession => ({
  userId: sub,
  sessionId: sid,
  actorId: act?.sub ?? sub,
});
