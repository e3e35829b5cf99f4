import type { EntityManager } from '@mikro-orm/core';
import type { KeyObject } from 'node:crypto';
import { type ChainEnd, headOf, type Moments, momentsOf, type OpenChain } from './audit-chain.js';
import { AuditEvent } from './audit-event.entity.js';

/** How far a chain had gone when it was looked at. */
interface Sight {
  readonly key: KeyObject;
  readonly head: ChainEnd;
  readonly moments: Moments;
}

/**
 * What this process has seen of the chain. An older state of it, put back, is under a genuine seal: only a process that
 * knows how far the chain had gone can tell.
 */
export class ChainMemory {
  private seen: Sight | undefined;

  /**
   * Keeps how far the chain has gone. To be called with what was read: what is about to be written may be rolled back.
   *
   * @returns the moments of it that count
   */
  remember(chain: OpenChain): Moments {
    const moments = momentsOf(chain, this.seen?.key.equals(chain.key) ? this.seen.moments : undefined);
    this.seen = { key: chain.key, head: headOf(chain.row), moments };
    return moments;
  }

  /** True when the chain holds what was seen in it, or is one that took its place later. */
  async agreesWith(em: EntityManager, chain: OpenChain): Promise<boolean> {
    const { seen } = this;
    if (!seen) return true;
    if (!seen.key.equals(chain.key)) return isLater(momentsOf(chain), seen.moments);
    const { sequence, hash } = headOf(chain.row);
    if (sequence <= seen.head.sequence) return sequence === seen.head.sequence && hash === seen.head.hash;
    // Another process has gone on with it. An event that is missing is either purged, or shown by `audit verify`.
    const event = await em.findOne(AuditEvent, { sequence: seen.head.sequence }, { fields: ['hash'] });
    return !event || event.hash === seen.head.hash;
  }
}

/** The first chain of all was not begun anew. */
const isLater = (one: Moments, other: Moments): boolean =>
  (one.begunAnewAt?.getTime() ?? 0) > (other.begunAnewAt?.getTime() ?? 0);
