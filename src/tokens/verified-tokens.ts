import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { KeysService } from '../keys/keys.service.js';
import { parseTokenHeader } from '../keys/token-header.js';
import type { AccessTokenClaims } from './access-token.claims.js';
import { AccessTokenService } from './access-token.service.js';

/** About a kilobyte each. */
const MAX_TOKENS = 5_000;

interface VerifiedToken {
  readonly kid: string;
  readonly claims: AccessTokenClaims;
}

/**
 * The tokens whose signatures were found right: a client presents the same one for minutes, and a signature costs more than
 * all else that is asked of it. What may change is not remembered: the key, the time, and whether the session stands are
 * looked at on every request.
 */
@Injectable()
export class VerifiedTokens {
  /** By a digest: the memory of the server holds no token that could be presented. */
  private readonly tokens = new LRUCache<string, VerifiedToken>({ max: MAX_TOKENS });

  constructor(
    private readonly keys: KeysService,
    private readonly accessTokens: AccessTokenService,
  ) {}

  /** The claims, or undefined when the signature has to be verified. @throws AppError `TOKEN_EXPIRED` */
  claimsOf(token: string): AccessTokenClaims | undefined {
    const verified = this.tokens.get(digestOf(token));
    if (!verified || !this.keys.stillVerifies(verified.kid)) return undefined;
    this.accessTokens.assertCurrent(verified.claims);
    return verified.claims;
  }

  /** @param claims of this token, whose signature, issuer and audience are right */
  remember(token: string, claims: AccessTokenClaims): void {
    const header = parseTokenHeader(token);
    if (header) this.tokens.set(digestOf(token), { kid: header.kid, claims });
  }
}

const digestOf = (token: string): string => hash('sha256', token, 'base64url');
