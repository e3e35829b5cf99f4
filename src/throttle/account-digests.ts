import { Inject, Injectable } from '@nestjs/common';
import { createHmac, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { ENV, type Env } from '../config/env.js';

/** What counters know of an address: with a key, so that a list of addresses cannot be compared with the store of the counters. */
@Injectable()
export class AccountDigests {
  private readonly key: KeyObject;

  constructor(@Inject(ENV) env: Pick<Env, 'JWT_SECRET'>) {
    this.key = createSecretKey(new Uint8Array(hkdfSync('sha256', env.JWT_SECRET, '', 'latchkey/counted-account', 32)));
  }

  /** @param email normalised */
  of(email: string): string {
    return createHmac('sha256', this.key).update(email).digest('base64url');
  }
}
