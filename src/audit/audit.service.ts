import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { AuditEvent } from './audit-event.entity.js';
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
  constructor(private readonly clock: Clock) {}

  /** Adds the event to the unit of work of `em`; the caller's flush or commit writes it. */
  record(em: EntityManager, type: AuditEventType, facts: AuditFacts): void {
    em.create(AuditEvent, {
      id: newId(),
      at: this.clock.now(),
      type,
      actorId: facts.actorId ?? null,
      subjectId: facts.subjectId ?? null,
      sessionId: facts.sessionId ?? null,
      ipAddress: facts.client?.ipAddress ?? null,
      userAgent: facts.client?.userAgent ?? null,
      details: facts.details ?? null,
    });
  }
}
