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
  ) {}

  /** Adds the event to the unit of work of `em`; the caller's flush or commit writes it. */
  record(em: EntityManager, type: AuditEventType, facts: AuditFacts): void {
    const event = em.create(AuditEvent, { id: newId(), at: this.clock.now(), type, ...columnsOf(facts) });
    this.log.add(em, event);
  }

  /** The same at once, past the unit of work. */
  async insert(em: EntityManager, type: AuditEventType, facts: AuditFacts): Promise<void> {
    const event = { id: newId(), at: this.clock.now(), type, ...columnsOf(facts) };
    const { actorId, subjectId, sessionId, ipAddress, userAgent, requestId, details } = event;
    await this.sql.change(
      em,
      sql`insert into audit_events
        (id, at, type, actor_id, subject_id, session_id, ip_address, user_agent, request_id, details)
        values (${event.id}, ${this.sql.fromDate(event.at)}, ${type}, ${actorId}, ${subjectId}, ${sessionId}, ${ipAddress},
          ${userAgent}, ${requestId}, ${details && JSON.stringify(details)})`,
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
}

function columnsOf({ actorId, subjectId, sessionId, client, details }: AuditFacts) {
  return {
    actorId: actorId ?? null,
    subjectId: subjectId ?? null,
    sessionId: sessionId ?? null,
    ipAddress: client?.ipAddress ?? null,
    userAgent: client?.userAgent ?? null,
    requestId: currentRequestId() ?? null,
    details: details ?? null,
  };
}
