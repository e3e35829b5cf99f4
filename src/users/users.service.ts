import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import DataLoader from 'dataloader';
import { sql } from 'kysely';
import { unauthenticated } from '../access/access.errors.js';
import { ErrorAction, ErrorReason } from '../common/error-codes.js';
import { parseId } from '../common/ids.js';
import { perCurrentRequest } from '../common/per-request.js';
import { DirectSql } from '../database/direct-sql.js';
import type { EntityColumns } from '../database/entity-columns.js';
import { normalizeEmail } from './email.js';
import { User, type UserRecord } from './user.entity.js';

/** What a login is decided by. */
export interface Credentials {
  readonly user: UserRecord;
  readonly passwordHash: string | null;
}

type CredentialsRow = Readonly<Record<string, unknown>> & { readonly password_hash: string | null };

const ROW_OF_NOBODY: CredentialsRow = {
  u_id: '00000000-0000-7000-8000-000000000000',
  u_email: 'nobody@localhost',
  u_created_at: 0,
  password_hash: '$bcrypt-sha256$v=2,t=2b,r=12$'.padEnd(80, '.'),
};

/** Reads accounts. What changes them lives in `auth/`, together with the sessions that a change ends. */
@Injectable()
export class UsersService {
  private readonly loader = perCurrentRequest(
    () => new DataLoader((ids: readonly string[]) => this.load(ids), { cache: false }),
  );
  /** The callers of requests, who were read when their sessions were checked. */
  private readonly remembered = perCurrentRequest(() => new Map<string, UserRecord>());

  private readonly columns: EntityColumns<UserRecord>;

  constructor(
    private readonly em: EntityManager,
    private readonly sql: DirectSql,
  ) {
    this.columns = sql.columnsOf<UserRecord>(User, 'u');
  }

  /** For the rest of the request, this is the caller's account. */
  remember(user: UserRecord): void {
    this.remembered().set(user.id, user);
  }

  /** The caller's own account: one statement however many fields ask, and none when the session check has read it. */
  async current(id: string): Promise<UserRecord> {
    const user = this.remembered().get(id) ?? (await this.loader().load(id));
    if (user) return user;
    // It was deleted a moment ago.
    throw unauthenticated(ErrorReason.TOKEN_REVOKED, 'The account no longer exists.', ErrorAction.LOGIN);
  }

  async byId(text: string): Promise<User | null> {
    const id = parseId(text);
    return id === undefined ? null : this.em.findOne(User, { id });
  }

  /** In any letter case. With its roles. */
  async byEmail(email: string): Promise<User | null> {
    return this.em.findOne(User, { email: normalizeEmail(email) }, { populate: ['roles'] });
  }

  /**
   * Of the account of a normalised address. To read a row takes time that could be measured, so where there is none one of
   * nobody's is read and dropped (ASVS 6.3.8).
   */
  async credentialsOf(email: string): Promise<Credentials | undefined> {
    const [row] = await this.sql.rows(
      sql<CredentialsRow>`select ${this.columns.list}, u.password_hash from users u where u.email = ${email}`,
    );
    const found = row ?? ROW_OF_NOBODY;
    const credentials = { user: this.columns.valuesOf(found), passwordHash: found.password_hash };
    return row && credentials;
  }

  /** The same without the hash, and without any difference for an address of nobody. */
  async recordOf(email: string): Promise<UserRecord | undefined> {
    const [row] = await this.sql.rows(sql<object>`select ${this.columns.list} from users u where u.email = ${email}`);
    const user = this.columns.valuesOf(row ?? ROW_OF_NOBODY);
    return row && user;
  }

  private async load(ids: readonly string[]): Promise<(UserRecord | undefined)[]> {
    const rows = await this.sql.rows(
      sql<object>`select ${this.columns.list} from users u where u.id in (${sql.join(ids)})`,
    );
    const users = rows.map((row) => this.columns.valuesOf(row));
    return ids.map((id) => users.find((user) => user.id === id));
  }
}
