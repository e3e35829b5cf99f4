import { Injectable } from '@nestjs/common';
import type { AuditChain } from './audit-chain.entity.js';
import { isReadable } from './audit-chain.js';
import type { AuditRecord } from './audit-event.entity.js';
import { EventMacs } from './event-macs.js';

type Terms = Pick<AuditChain, 'macsFrom' | 'purgedUntil'>;

/** Decides what may become part of the chain, which vouches for it from then on. */
@Injectable()
export class Admission {
  constructor(private readonly macs: EventMacs) {}

  /** Why an event is kept out of the chain. Undefined: it is taken in. */
  problemOf(event: AuditRecord, { macsFrom, purgedUntil }: Terms, now: Date): string | undefined {
    const isOfVersionBefore = !event.mac && (!macsFrom || now < macsFrom);
    const isGenuine = isOfVersionBefore ? isReadable(event) : this.macs.isGenuine(event);
    if (!isGenuine) return 'is not as this server has written it';
    // A genuine event can come back only after it was purged: until then its row is in the table.
    if (purgedUntil && event.at <= purgedUntil) return 'is older than what was purged';
    return undefined;
  }
}
