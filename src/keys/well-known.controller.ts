import { Controller, Get, Header, Inject } from '@nestjs/common';
import type { JsonWebKey } from 'node:crypto';
import { Public } from '../access/access.decorators.js';
import { ENV, type Env } from '../config/env.js';
import { KeysService } from './keys.service.js';

/** How long verifiers may keep the key set. A new key is published at least this long before it signs. */
const JWKS_MAX_AGE_SECONDS = 300;

/** What other services need to verify our tokens on their own. */
@Controller('.well-known')
export class WellKnownController {
  constructor(
    private readonly keys: KeysService,
    @Inject(ENV) private readonly env: Pick<Env, 'PUBLIC_URL' | 'JWT_ISSUER'>,
  ) {}

  @Get('jwks.json')
  @Public()
  @Header('Cache-Control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`)
  jwks(): { keys: JsonWebKey[] } {
    return this.keys.jwks();
  }

  /** RFC 8414. There is no authorization endpoint, hence no response types. */
  @Get('oauth-authorization-server')
  @Public()
  @Header('Cache-Control', `public, max-age=${JWKS_MAX_AGE_SECONDS}`)
  metadata(): Record<string, unknown> {
    return {
      issuer: this.env.JWT_ISSUER,
      jwks_uri: `${this.env.PUBLIC_URL}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: [],
    };
  }
}
