import { defineEntity, JsonType, p, type Platform, type TransformContext } from '@mikro-orm/core';
import { idProperty, moment } from '../database/base.properties.js';
import type { AuditEventType } from './audit-events.js';

/**
 * JSON as this server writes it. SQLite keeps any text: one that says more than is read of it, such as a name that comes twice,
 * is read as the text.
 */
class WrittenJson extends JsonType {
  override convertToJSValue(value: unknown, platform: Platform, context?: TransformContext): unknown {
    const read: unknown = super.convertToJSValue(value, platform, context);
    return typeof value === 'string' && JSON.stringify(read) !== value ? value : read;
  }
}

const schema = defineEntity({
  name: 'AuditEvent',
  tableName: 'audit_events',
  indexes: [
    { name: 'audit_events_subject_at', properties: ['subjectId', 'at'] },
    { name: 'audit_events_actor_at', properties: ['actorId', 'at'] },
    { name: 'audit_events_type_at', properties: ['type', 'at'] },
    { name: 'audit_events_at', properties: ['at'] },
    { name: 'audit_events_unsealed', properties: ['at', 'id'], where: 'sequence is null' },
  ],
  properties: {
    id: idProperty(),
    at: moment(),
    type: p.string().length(64).$type<AuditEventType>(),
    /** Who acted, and on whom. Plain ids: the trail outlives the users it speaks of. */
    actorId: p.uuid().nullable(),
    subjectId: p.uuid().nullable(),
    sessionId: p.uuid().nullable(),
    ipAddress: p.string().length(45).nullable(),
    userAgent: p.string().length(500).nullable(),
    /** Of `X-Request-Id`, the errors and the log. Null for what no request caused. */
    requestId: p.string().length(64).nullable(),
    details: p.type(WrittenJson).$type<Record<string, unknown>>().nullable(),
    /** Place in the chain (`audit-chain.ts`), from 1, and the hash over this event and its predecessor. Null: not yet sealed. */
    sequence: p.bigint('number').nullable().unique('audit_events_sequence_unique'),
    hash: p.string().length(43).nullable(),
    /** HMAC over all that the event says, from when it is written until it is sealed. Null of an unsealed one: the version before wrote it. */
    mac: p.string().length(43).nullable(),
    /** Stands for address and user agent in MAC and hash. Without the salt, which goes with them, it tells nothing. */
    originSalt: p.string().length(22).nullable(),
    originDigest: p.string().length(43).nullable(),
  },
});

/** One security decision, kept for investigation. Never holds a secret. */
export class AuditEvent extends schema.class {}

schema.setClass(AuditEvent);

/** An event as it is read where no entity is needed. */
export type AuditRecord = Readonly<
  Pick<
    AuditEvent,
    | 'id'
    | 'at'
    | 'type'
    | 'actorId'
    | 'subjectId'
    | 'sessionId'
    | 'ipAddress'
    | 'userAgent'
    | 'requestId'
    | 'details'
    | 'sequence'
    | 'hash'
    | 'mac'
    | 'originSalt'
    | 'originDigest'
  >
>;
