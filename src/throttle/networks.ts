import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { networksOf } from '../common/network.js';

/** So many networks within a greater one are counted apart, for an hour. */
const MOST_WITHIN = 16;
const FORGOTTEN_AFTER_MS = 3_600_000;
const MOST_REMEMBERED = 10_000;

/**
 * What an address is counted as. Of IPv6 that is its /64 network; but whoever has a /56 or a /48 can take another one for
 * each attempt, so beyond some of them all others of the greater network are counted together.
 */
@Injectable()
export class Networks {
  private readonly within = new LRUCache<string, Set<string>>({ max: MOST_REMEMBERED, ttl: FORGOTTEN_AFTER_MS });

  keyOf(address: string | null): string {
    const [narrow, wider, widest] = networksOf(address);
    if (wider === undefined || widest === undefined) return narrow;
    if (!this.isApart(widest, wider)) return widest;
    return this.isApart(wider, narrow) ? narrow : wider;
  }

  private isApart(greater: string, network: string): boolean {
    const known = this.within.get(greater) ?? new Set();
    if (!known.has(network) && known.size >= MOST_WITHIN) return false;
    if (known.size === 0) this.within.set(greater, known);
    known.add(network);
    return true;
  }
}
