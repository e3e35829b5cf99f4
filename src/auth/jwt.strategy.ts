import { Injectable } from '@nestjs/common';
import { JsonWebTokenError } from '@nestjs/jwt';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import type { KeyObject } from 'node:crypto';
import { Strategy } from 'passport-jwt';
import type { Principal } from '../access/principal.js';
import { KeysService } from '../keys/keys.service.js';
import { SessionCheck } from '../sessions/session-check.service.js';
import { AccessTokenService } from '../tokens/access-token.service.js';
import { VerifiedTokens } from '../tokens/verified-tokens.js';
import { RequestCredentials } from './request-credentials.js';

/** Turns the access token of a request into a `Principal`: key, signature, claims, then session and user. */
@Injectable()
export class JwtStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor(
    private readonly credentials: RequestCredentials,
    private readonly keys: KeysService,
    private readonly tokens: AccessTokenService,
    private readonly verified: VerifiedTokens,
    private readonly sessions: SessionCheck,
  ) {
    super({
      ...tokens.verifyOptions,
      passReqToCallback: true,
      jwtFromRequest: (request: Request) => credentials.accessToken(request) ?? null,
      secretOrKeyProvider: (_request, token: string, done) => {
        // jsonwebtoken takes a KeyObject and is fastest with one; the types of passport-jwt do not say so. Without a key
        // it must not even be asked: it throws on a token whose signature is empty.
        const provide = (key: KeyObject | undefined) =>
          key ? done(null, key as unknown as Buffer) : done(new JsonWebTokenError('no key of ours fits this token'));
        // What the library throws is a refusal too: nobody waits for this promise, and its failure would end the process.
        keys.verificationKey(token).then(provide).catch(done);
      },
    });
  }

  /** Called with the payload of a token whose signature, issuer and audience are right. */
  async validate(request: Request, payload: unknown): Promise<Principal> {
    const token = this.credentials.accessToken(request) ?? '';
    this.keys.countVerified(token);
    const claims = this.tokens.claims(payload);
    this.verified.remember(token, claims);
    return this.sessions.principalOf(claims);
  }
}
