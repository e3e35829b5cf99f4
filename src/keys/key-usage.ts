import { EntityManager, raw } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { Metrics } from '../telemetry/metrics.js';
import { SigningKey } from './signing-key.entity.js';

/** Counts which keys verify tokens: whoever retires one wants to know whether it is still in use. */
@Injectable()
export class KeyUsage {
  /** Since the last time that they were stored, by `kid`. */
  private counts = new Map<string, { verifications: number; lastSeenAt: Date }>();

  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  count(kid: string): void {
    const lastSeenAt = this.clock.now();
    this.metrics.verifications.inc({ kid });
    this.metrics.keyLastSeen.set({ kid }, lastSeenAt.getTime() / 1000);
    this.counts.set(kid, { verifications: (this.counts.get(kid)?.verifications ?? 0) + 1, lastSeenAt });
  }

  /** Adds what was counted here to what all instances have counted. */
  async store(): Promise<void> {
    const counts = this.counts;
    this.counts = new Map();
    for (const [kid, { verifications, lastSeenAt }] of counts) {
      const sum = raw('verifications + ?', [verifications]);
      await this.em.fork().nativeUpdate(SigningKey, { kid }, { verifications: sum, lastSeenAt });
    }
  }
}
