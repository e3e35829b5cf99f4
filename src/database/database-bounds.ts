import type { Env } from '../config/env.js';

/** What a server bounds (docs/configuration.md). Migrations, which may take their time, go without. */
export type DatabaseBounds = Pick<
  Env,
  'DATABASE_POOL_SIZE' | 'DATABASE_CONNECT_TIMEOUT' | 'DATABASE_STATEMENT_TIMEOUT' | 'DATABASE_LOCK_TIMEOUT'
>;
