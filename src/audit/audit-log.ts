import { EntityManager, type EventSubscriber, type TransactionEventArgs } from '@mikro-orm/core';
import { Injectable, Logger } from '@nestjs/common';
import { AUDIT_CONTEXT } from '../logging/unfiltered.js';
import type { AuditEvent } from './audit-event.entity.js';

/** The line has a time of its own, and what proves a row proves nothing of a line. */
const NOT_LOGGED: ReadonlySet<string> = new Set(['at', 'sequence', 'hash', 'mac', 'originSalt', 'originDigest']);

type LoggedEvent = Pick<AuditEvent, 'type'> & Partial<AuditEvent>;

/**
 * Writes each event of the trail to the log too, whatever `LOG_LEVEL` is, once it is committed: what was rolled back did not happen. A log that is
 * shipped elsewhere survives whoever can change the table (ASVS 16.4.2, 16.4.3).
 */
@Injectable()
export class AuditLog implements EventSubscriber {
  private readonly logger = new Logger(AUDIT_CONTEXT);
  private readonly uncommitted = new WeakMap<EntityManager, LoggedEvent[]>();

  constructor(em: EntityManager) {
    em.getEventManager().registerSubscriber(this);
  }

  add(em: EntityManager, event: LoggedEvent): void {
    this.uncommitted.set(em, [...(this.uncommitted.get(em) ?? []), event]);
  }

  write({ id, type, ...facts }: LoggedEvent): void {
    const known = Object.entries(facts).filter(([name, value]) => !NOT_LOGGED.has(name) && value !== null);
    this.logger.log({ event: type, ...(id && { eventId: id }), ...Object.fromEntries(known) }, type);
  }

  afterTransactionCommit({ em }: TransactionEventArgs): void {
    for (const event of this.uncommitted.get(em) ?? []) this.write(event);
    this.uncommitted.delete(em);
  }

  afterTransactionRollback({ em }: TransactionEventArgs): void {
    this.uncommitted.delete(em);
  }
}
