import { Controller, Get, Inject, Res } from '@nestjs/common';
import type { Response } from 'express';
import { hash, type JsonWebKey } from 'node:crypto';
import { Public } from '../access/access.decorators.js';
import { ENV, type Env } from '../config/env.js';
import { KeysService } from './keys.service.js';

/** What other services need to verify our tokens on their own. */
@Controller('.well-known')
export class WellKnownController {
  constructor(
    private readonly keys: KeysService,
    @Inject(ENV) private readonly env: Pick<Env, 'PUBLIC_URL' | 'JWT_ISSUER' | 'JWKS_MAX_AGE'>,
  ) {}

  @Get('jwks.json')
  @Public()
  jwks(@Res({ passthrough: true }) response: Response): { keys: JsonWebKey[] } {
    return this.cacheable(response, this.keys.jwks());
  }

  /** RFC 8414. There is no authorization endpoint, hence no response types. */
  @Get('oauth-authorization-server')
  @Public()
  metadata(@Res({ passthrough: true }) response: Response): Record<string, unknown> {
    return this.cacheable(response, {
      issuer: this.env.JWT_ISSUER,
      jwks_uri: `${this.env.PUBLIC_URL}/.well-known/jwks.json`,
      response_types_supported: [],
      grant_types_supported: [],
    });
  }

  /** A new key is published for longer than this before it signs. Express confirms what has a matching ETag by itself. */
  private cacheable<T>(response: Response, answer: T): T {
    response.setHeader('Cache-Control', `public, max-age=${this.env.JWKS_MAX_AGE}`);
    response.setHeader('ETag', `"${hash('sha256', JSON.stringify(answer), 'base64url')}"`);
    return answer;
  }
}
