import { defineEntity, p } from '@mikro-orm/core';
import { moment } from '../database/base.properties.js';

const schema = defineEntity({
  name: 'AuditChain',
  tableName: 'audit_chain',
  properties: {
    /** Always 1: there is one chain. */
    id: p.smallint().primary().autoincrement(false),
    /** The key of every hash of the chain, wrapped under `JWT_SECRET`. */
    wrappedKey: p.string().length(255).hidden(),
    /** The last event that was purged, from which the present chain goes on. 0 and an empty hash: none was. */
    startSequence: p.bigint('number'),
    startHash: p.string().length(43),
    /** The event that was sealed last. */
    headSequence: p.bigint('number'),
    headHash: p.string().length(43),
    /** From when on no event is taken in that has no MAC. Null: the version before, whose events have none, keeps the chain. */
    macsFrom: moment().nullable(),
    /** The latest moment of an event that was purged. What is not later is not taken in: it would be a purged one again. */
    purgedUntil: moment().nullable(),
    /** When this chain was begun in place of one that was lost. Null: it is the first one. */
    begunAnewAt: moment().nullable(),
    /** HMAC over both ends and the moments: whoever cuts events off cannot move them. */
    seal: p.string().length(43),
  },
});

/** The two ends of the chain of audit events, in one row. */
export class AuditChain extends schema.class {}

schema.setClass(AuditChain);
