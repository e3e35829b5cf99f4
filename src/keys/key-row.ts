import { sql } from 'kysely';
import * as z from 'zod';

const moment = z.union([z.string(), z.number()]).pipe(z.coerce.date());

/** A row of the table, as far as it is of use. The private key is read by nobody but `KeyStore`. */
const keyRow = z.object({
  kid: z.string(),
  algorithm: z.enum(['ES256', 'RS256', 'PS256']),
  generation: z.int(),
  wrappedPrivateKey: z.string(),
  createdAt: moment,
  activeFrom: moment,
  retiredAt: moment.nullable(),
  verifications: z.coerce.number(),
  lastSeenAt: moment.nullable(),
});

export type KeyRow = z.infer<typeof keyRow>;

/** Every row, past the ORM: one that it cannot make an entity of would keep it from reading the others. */
export const ALL_ROWS = sql<object>`select kid, algorithm, generation, wrapped_private_key as "wrappedPrivateKey",
  created_at as "createdAt", active_from as "activeFrom", retired_at as "retiredAt", verifications,
  last_seen_at as "lastSeenAt" from signing_keys`;

/** The row, or undefined when a column holds what no server writes: SQLite takes any type, PostgreSQL an infinite moment. */
export const keyRowOf = (row: object): KeyRow | undefined => keyRow.safeParse(row).data;

/** In the order in which they sign. */
export const bySigningTime = (a: KeyRow, b: KeyRow): number =>
  a.activeFrom.getTime() - b.activeFrom.getTime() || a.generation - b.generation;
