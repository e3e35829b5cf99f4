import Database from 'better-sqlite3';
import { Client } from 'pg';
import { hashPassword } from '../floors/password.ts';

export const PASSWORD = 'correct horse battery';
/** Latchkey's default. */
export const BCRYPT_COST = 12;

/** The first of the users is an administrator too. */
const ADMIN = 0;

export interface Size {
  readonly users: number;
  readonly sessions: number;
}

export const emailOf = (index: number): string => `user${index}@bench.example`;

const YEAR_MS = 365 * 86_400_000;

/** Fills a SQLite file that has the tables. All users have one password; their sessions are somebody else's. */
export async function seedSqlite(file: string, { users, sessions }: Size, cost = BCRYPT_COST): Promise<void> {
  const database = new Database(file);
  // Nothing of it has to survive a crash.
  database.pragma('journal_mode = OFF');
  database.pragma('synchronous = OFF');
  database.pragma('cache_size = -512000');
  const hash = await hashPassword(PASSWORD, cost);
  const numbers = 'WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @count)';
  const id = (number: string) => `printf('01900000-0000-7000-8000-%012x', ${number})`;
  const values = { count: users, sessions, users, hash, now: Date.now(), end: Date.now() + YEAR_MS };
  const run = (sql: string) => database.prepare(sql).run(values);
  database.transaction(() => {
    run(`${numbers} INSERT INTO users (id, email, name, password_hash, created_at)
         SELECT ${id('i')}, 'user' || i || '@bench.example', 'User ' || i, @hash, @now - @users + i FROM n`);
    run(`INSERT INTO user_roles (user_id, role_name) SELECT id, 'user' FROM users`);
    run(`INSERT INTO user_roles (user_id, role_name) VALUES (${id(String(ADMIN))}, 'admin')`);
    run(`${numbers.replace('@count', '@sessions')}
         INSERT INTO sessions (id, user_id, refresh_salt, rotated_at, created_at, last_active_at, expires_at, auth_methods)
         SELECT ${id('i')}, ${id('i * @users / @sessions')}, hex(randomblob(21)) || '0', @now, @now, @now, @end, '["pwd"]' FROM n`);
  })();
  database.close();
}

/** The same in PostgreSQL. */
export async function seedPostgres(url: string, { users, sessions }: Size, cost = BCRYPT_COST): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const hash = await hashPassword(PASSWORD, cost);
  const id = (number: string) => `('01900000-0000-7000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
  await client.query(
    `INSERT INTO users (id, email, name, password_hash, created_at)
     SELECT ${id('i')}, 'user' || i || '@bench.example', 'User ' || i, $1, now() - interval '1 day' + i * interval '1 millisecond'
     FROM generate_series(0, $2::int - 1) i`,
    [hash, users],
  );
  await client.query(`INSERT INTO user_roles (user_id, role_name) SELECT id, 'user' FROM users`);
  await client.query(`INSERT INTO user_roles (user_id, role_name) VALUES (${id(`${ADMIN}::int`)}, 'admin')`);
  await client.query(
    `INSERT INTO sessions (id, user_id, refresh_salt, rotated_at, created_at, last_active_at, expires_at, auth_methods)
     SELECT ${id('i')}, ${id('(i::bigint * $2::int / $1::int)')}, md5(i::text) || 'aaaaaaaaaaa', now(), now(), now(), now() + interval '1 year', '["pwd"]'
     FROM generate_series(0, $1::int - 1) i`,
    [sessions, users],
  );
  await client.query('VACUUM ANALYZE');
  await client.end();
}
