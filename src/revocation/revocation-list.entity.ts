import { defineEntity, p } from '@mikro-orm/core';
import { moment } from '../database/base.properties.js';

/** The only row's key. */
export const REVOCATION_LIST = 1;

const schema = defineEntity({
  name: 'RevocationListState',
  tableName: 'revocation_list',
  properties: {
    id: p.smallint().primary().autoincrement(false),
    /** The list in Redis that is complete (`formatList`). Null: there is none, and every request asks the database. */
    list: p.string().length(128).nullable(),
    /** When a list was last given up. For so long after it others may still trust it. */
    droppedAt: moment().nullable(),
  },
});

/** Which list of revocations in Redis may be trusted: one row, made by the migration (see `revocation-list.ts`). */
export class RevocationListState extends schema.class {}

schema.setClass(RevocationListState);
