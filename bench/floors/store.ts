import Database from 'better-sqlite3';

export interface UserRow {
  readonly id: string;
  readonly email: string;
  readonly name: string | null;
  readonly createdAt: number;
  /** A JSON array. */
  readonly roles: string;
}

export interface SessionRow {
  readonly userId: string;
  readonly salt: string;
  readonly counter: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly disabledAt: number | null;
  readonly version: number;
  readonly roles: string;
}

export interface CredentialsRow {
  readonly id: string;
  readonly passwordHash: string;
  readonly version: number;
  readonly roles: string;
}

export interface AuditRow {
  readonly id: string;
  readonly at: number;
  readonly type: 'session.refreshed' | 'user.logged_in';
  readonly userId: string;
  readonly sessionId: string;
  readonly ipAddress: string;
}

const rolesOf = (user: string) =>
  `(SELECT json_group_array(role_name) FROM user_roles WHERE user_id = ${user}.id) AS roles`;
const USER = `u.id, u.email, u.name, u.created_at AS createdAt, ${rolesOf('u')}`;

/** Every statement is prepared once. The file is opened as Latchkey opens it: an acknowledged write survives a power loss. */
export class Store {
  readonly #database: Database.Database;
  readonly userById: Database.Statement<[string], UserRow>;
  readonly newestUsers: Database.Statement<[number], UserRow>;
  readonly permissions: Database.Statement<[string], { permissions: string }>;
  readonly session: Database.Statement<[string], SessionRow>;
  readonly credentials: Database.Statement<[string], CredentialsRow>;
  readonly advance: Database.Statement<{ id: string; counter: number; now: number; expiresAt: number }>;
  readonly insertAudit: Database.Statement<AuditRow>;
  readonly insertSession: Database.Statement<{
    id: string;
    userId: string;
    salt: string;
    now: number;
    expiresAt: number;
  }>;
  readonly touchUser: Database.Statement<{ id: string; now: number }>;

  constructor(file: string) {
    this.#database = new Database(file);
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma('synchronous = FULL');
    const prepare = <P extends unknown[] | object, R = unknown>(sql: string) =>
      this.#database.prepare(sql) as Database.Statement<P extends unknown[] ? P : [P], R>;
    this.userById = prepare(`SELECT ${USER} FROM users u WHERE u.id = ?`);
    this.newestUsers = prepare(`SELECT ${USER} FROM users u ORDER BY u.created_at DESC, u.id DESC LIMIT ?`);
    this.permissions = prepare(
      'SELECT r.permissions FROM roles r JOIN user_roles ur ON ur.role_name = r.name WHERE ur.user_id = ?',
    );
    this.session = prepare(
      `SELECT s.user_id AS userId, s.refresh_salt AS salt, s.refresh_counter AS counter, s.created_at AS createdAt,
         s.expires_at AS expiresAt, s.revoked_at AS revokedAt, u.disabled_at AS disabledAt, u.version, ${rolesOf('u')}
       FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.id = ?`,
    );
    this.credentials = prepare(
      `SELECT u.id, u.password_hash AS passwordHash, u.version, ${rolesOf('u')} FROM users u WHERE u.email = ? AND u.disabled_at IS NULL`,
    );
    this.advance = prepare(
      `UPDATE sessions SET refresh_counter = refresh_counter + 1, rotated_at = @now, last_active_at = @now, expires_at = @expiresAt
       WHERE id = @id AND refresh_counter = @counter AND revoked_at IS NULL`,
    );
    this.insertAudit = prepare(
      `INSERT INTO audit_events (id, at, type, actor_id, subject_id, session_id, ip_address)
       VALUES (@id, @at, @type, @userId, @userId, @sessionId, @ipAddress)`,
    );
    this.insertSession = prepare(
      `INSERT INTO sessions (id, user_id, refresh_salt, rotated_at, created_at, last_active_at, expires_at, auth_methods)
       VALUES (@id, @userId, @salt, @now, @now, @now, @expiresAt, '["pwd"]')`,
    );
    this.touchUser = prepare('UPDATE users SET last_login_at = @now WHERE id = @id');
  }

  transaction<A extends unknown[], T>(work: (...args: A) => T): (...args: A) => T {
    const transaction = this.#database.transaction(work);
    return (...args) => transaction.immediate(...args);
  }
}
