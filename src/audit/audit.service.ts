import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { currentRequestId } from '../common/request-id.js';
import { DirectSql } from '../database/direct-sql.js';
import { AuditEvent } from './audit-event.entity.js';
import { AuditLog } from './audit-log.js';
import type { AuditEventType } from './audit-events.js';
import { EventMacs } from './event-macs.js';

/** What an event is about. `details` holds names and ids only, never a secret or an input. */
export interface AuditFacts {
  actorId?: string;
  subjectId?: string;
  sessionId?: string;
  client?: ClientInfo;
  details?: Record<string, unknown>;
}

/** Writes the trail. An event is part of the transaction that decides it: both are committed or neither. */
@Injectable()
export class AuditService {
  constructor(
    private readonly clock: Clock,
    private readonly log: AuditLog,
    private readonly sql: DirectSql,
    private readonly macs: EventMacs,
  ) {}

  /** Adds the event to the unit of work of `em`; the caller's flush or commit writes it. */
  record(em: EntityManager, type: AuditEventType, facts: AuditFacts): void {
    this.log.add(em, em.create(AuditEvent, this.eventOf(type, facts)));
  }

  /** The same at once, past the unit of work. */
  async insert(em: EntityManager, type: AuditEventType, facts: AuditFacts): Promise<void> {
    const event = this.eventOf(type, facts);
    const { actorId, subjectId, sessionId, ipAddress, userAgent, requestId, details } = event;
    await this.sql.change(
      em,
      sql`insert into audit_events
        (id, at, type, actor_id, subject_id, session_id, ip_address, user_agent, request_id, details,
          origin_salt, origin_digest, mac)
        values (${event.id}, ${this.sql.fromDate(event.at)}, ${type}, ${actorId}, ${subjectId}, ${sessionId}, ${ipAddress},
          ${userAgent}, ${requestId}, ${details && JSON.stringify(details)},
          ${event.originSalt}, ${event.originDigest}, ${event.mac})`,
    );
    this.log.add(em, event);
  }

  /** Of a user who is gone the trail keeps what was decided, and not from where they came. */
  async anonymise(em: EntityManager, userId: string): Promise<void> {
    const theirs = { $or: [{ subjectId: userId }, { actorId: userId }] };
    await em.nativeUpdate(AuditEvent, theirs, { ipAddress: null, userAgent: null, originSalt: null });
  }

  /** For what would fill the table: a line of the log alone. */
  logOnly(type: AuditEventType, facts: AuditFacts): void {
    this.log.write({ type, ...columnsOf(facts) });
  }

  /** The one place where a row of the trail is made. */
  private eventOf(type: AuditEventType, facts: AuditFacts) {
    return this.macs.sign({ id: newId(), at: this.clock.now(), type, ...columnsOf(facts) });
  }
}

function columnsOf({ actorId, subjectId, sessionId, client, details }: AuditFacts) {
  return {
    actorId: actorId ?? null,
    subjectId: subjectId ?? null,
    sessionId: sessionId ?? null,
    ipAddress: client?.ipAddress ?? null,
    userAgent: client?.userAgent ?? null,
    requestId: currentRequestId() ?? null,
    details: details ? storable(details) : null,
  };
}

/** As it will be read: a MAC holds for nothing else. Neither engine keeps what is no Unicode, and one of them no NUL. */
function storable(details: Record<string, unknown>): Record<string, unknown> {
  const text = JSON.stringify(details, (_name, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '\uFFFD') : value,
  );
  return JSON.parse(text) as Record<string, unknown>;
}
