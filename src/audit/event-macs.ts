import { Inject, Injectable } from '@nestjs/common';
import { createSecretKey, hkdfSync, type KeyObject, randomBytes } from 'node:crypto';
import { ENV, type Env } from '../config/env.js';
import { type AuditFact, isOriginWhole, macOf, originDigestOf, proves } from './audit-chain.js';
import type { AuditRecord } from './audit-event.entity.js';

/** An event before anything proves it. */
export type BareEvent = Omit<AuditFact, 'originSalt' | 'originDigest'>;

/** Proves that this server has written an event, from the moment on at which it is written. */
@Injectable()
export class EventMacs {
  private readonly current: KeyObject;
  private readonly all: readonly KeyObject[];

  constructor(@Inject(ENV) env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>) {
    this.current = keyOf(env.JWT_SECRET);
    this.all = [this.current, ...env.JWT_PREVIOUS_SECRETS.map(keyOf)];
  }

  /** The event as it is written. */
  sign<Bare extends BareEvent>(event: Bare) {
    const signed = withOrigin(event);
    return { ...signed, mac: macOf(signed, this.current) };
  }

  /** True when the event says what it said when a holder of the secret wrote it, but for an origin that was deleted. */
  isGenuine(event: AuditRecord): boolean {
    const { mac } = event;
    return (
      typeof mac === 'string' && isOriginWhole(event) && this.all.some((key) => proves(mac, () => macOf(event, key)))
    );
  }
}

/** Address and user agent with the digest that stands for them, and the salt that goes with them. */
export function withOrigin<Bare extends BareEvent>(event: Bare) {
  const originSalt = randomBytes(16).toString('base64url');
  return { ...event, originSalt, originDigest: originDigestOf(event, originSalt) };
}

function keyOf(secret: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', secret, '', 'latchkey/audit-event', 32)));
}
