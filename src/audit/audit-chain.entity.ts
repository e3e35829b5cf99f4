import { defineEntity, p } from '@mikro-orm/core';

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
    /** HMAC over both ends: whoever cuts events off can not move them. */
    seal: p.string().length(43),
  },
});

/** The two ends of the chain of audit events, in one row. */
export class AuditChain extends schema.class {}

schema.setClass(AuditChain);
