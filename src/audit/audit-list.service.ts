import { EntityManager, type ObjectQuery } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { badInput } from '../common/bad-input.js';
import { parseId } from '../common/ids.js';
import { isReadableMoment } from '../database/readable-moment.js';
import { cursorMoment, findPage, type Keyset, type Page } from '../paging/keyset.js';
import { type ForwardPageArgs, pageRequest } from '../paging/page-request.js';
import { AuditEvent } from './audit-event.entity.js';
import type { AuditEventConnection, AuditEventModel } from './audit-event.model.js';
import { AUDIT_EVENTS, type AuditEventType } from './audit-events.js';
import type { AuditFilter, AuditListArgs } from './audit-list.args.js';

const NEWEST_FIRST: Keyset<AuditEvent> = { property: 'at', direction: 'desc', value: cursorMoment };

/** Reads the trail. */
@Injectable()
export class AuditList {
  constructor(private readonly em: EntityManager) {}

  /** For those who may read everything. */
  page({ filter, ...page }: AuditListArgs): Promise<AuditEventConnection> {
    return this.find(whereOf(filter ?? {}), page);
  }

  /**
   * What is about the account of a user. From where others acted on it is theirs, and a client that was not signed in may be another: the
   * owner of an address with which a stranger signed up tries to sign in, or asks for a link; a stranger mistypes an address at the sign-up;
   * the owner's app still sends the token that a thief has ended.
   */
  async pageAbout(userId: string, page: ForwardPageArgs): Promise<AuditEventConnection> {
    const { nodes, edges, pageInfo } = await this.find({ subjectId: userId }, page);
    return {
      nodes: nodes.map((event) => shownTo(userId, event)),
      edges: edges.map(({ cursor, node }) => ({ cursor, node: shownTo(userId, node) })),
      pageInfo,
    };
  }

  private find(where: ObjectQuery<AuditEvent>, page: ForwardPageArgs): Promise<Page<AuditEvent>> {
    // One row whose moment no server writes would take its page from everybody. `audit verify` shows it.
    const conditions = { $and: [where, isReadableMoment(this.em, 'at')] };
    return findPage(this.em, AuditEvent, conditions, NEWEST_FIRST, pageRequest(page));
  }
}

function shownTo(userId: string, event: AuditEventModel): AuditEventModel {
  const { id, at, type, actorId = null, subjectId = null, sessionId = null, details = null } = event;
  if (actorId === userId && sessionId !== null && type !== 'access.refused') return event;
  return { id, at, type, actorId, subjectId, sessionId, ipAddress: null, userAgent: null, details };
}

/** @throws AppError `BAD_USER_INPUT` */
function whereOf({ type, actorId, subjectId, after, before }: AuditFilter): ObjectQuery<AuditEvent> {
  const conditions: ObjectQuery<AuditEvent>[] = [];
  if (typeof type === 'string') conditions.push({ type: typeOf(type) });
  if (typeof actorId === 'string') conditions.push({ actorId: idOf(actorId, 'filter.actorId') });
  if (typeof subjectId === 'string') conditions.push({ subjectId: idOf(subjectId, 'filter.subjectId') });
  if (after) conditions.push({ at: { $gte: after } });
  if (before) conditions.push({ at: { $lt: before } });
  return { $and: conditions };
}

function typeOf(given: string): AuditEventType {
  const type = AUDIT_EVENTS.find((known) => known === given);
  if (!type) throw badInput('filter.type', 'must be a type of event');
  return type;
}

function idOf(given: string, path: string): string {
  const id = parseId(given);
  if (id === undefined) throw badInput(path, 'must be an id');
  return id;
}
