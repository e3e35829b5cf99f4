import { defineEntity, p } from '@mikro-orm/core';
import { moment } from '../database/base.properties.js';

const schema = defineEntity({
  name: 'Role',
  tableName: 'roles',
  properties: {
    /** The same spelling everywhere: row, token, schema and error text. */
    name: p.string().length(64).primary(),
    description: p.string().length(500).nullable(),
    /** Permission names. Unused for `admin`, which holds every permission by its name. */
    permissions: p.json<string[]>(),
    builtIn: p.boolean().default(false),
    createdAt: moment(),
  },
});

/** A named set of permissions. Users hold roles, never permissions of their own. */
export class Role extends schema.class {}

schema.setClass(Role);
