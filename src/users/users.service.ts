import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import DataLoader from 'dataloader';
import { sql } from 'kysely';
import { unauthenticated } from '../access/access.errors.js';
import { ErrorAction, ErrorReason } from '../common/error-codes.js';
import { isId } from '../common/ids.js';
import { perRequest } from '../common/per-request.js';
import { currentRequest } from '../common/request-id.js';
import { DirectSql } from '../database/direct-sql.js';
import type { EntityColumns } from '../database/entity-columns.js';
import { normalizeEmail } from './email.js';
import { User, type UserRecord } from './user.entity.js';

const ROW_OF_NOBODY = {
  id: '00000000-0000-7000-8000-000000000000',
  email: 'nobody@localhost',
  email_verified: false,
  password_hash: '$bcrypt-sha256$v=2,t=2b,r=12$'.padEnd(80, '.'),
  version: 1,
  created_at: new Date(0),
};

/** Reads accounts. What changes them lives in `auth/`, together with the sessions that a change ends. */
@Injectable()
export class UsersService {
  private readonly loaderOf = perRequest(
    () => new DataLoader((ids: readonly string[]) => this.load(ids), { cache: false }),
  );
  /** The callers of requests, who were read when their sessions were checked. */
  private readonly rememberedOf = perRequest(() => new Map<string, UserRecord>());

  private readonly columns: EntityColumns<UserRecord>;

  constructor(
    private readonly em: EntityManager,
    private readonly sql: DirectSql,
  ) {
    this.columns = sql.columnsOf<UserRecord>(User, 'u');
  }

  /** For the rest of the request, this is the caller's account. */
  remember(user: UserRecord): void {
    const request = currentRequest();
    if (request) this.rememberedOf(request).set(user.id, user);
  }

  /** The caller's own account: one statement however many fields ask, and none when the session check has read it. */
  async current(id: string): Promise<UserRecord> {
    const request = currentRequest() ?? {};
    const user = this.rememberedOf(request).get(id) ?? (await this.loaderOf(request).load(id));
    if (user) return user;
    // It was deleted a moment ago.
    throw unauthenticated(ErrorReason.TOKEN_REVOKED, 'The account no longer exists.', ErrorAction.LOGIN);
  }

  async byId(id: string): Promise<User | null> {
    return isId(id) ? this.em.findOne(User, { id }) : null;
  }

  /** In any letter case. With its roles. */
  async byEmail(email: string): Promise<User | null> {
    return this.em.findOne(User, { email: normalizeEmail(email) }, { populate: ['roles'] });
  }

  /**
   * The account of a normalised address, with its password hash. To make an entity of a row takes time that can be
   * measured, so where there is no row one of nobody's is made and dropped (ASVS 6.3.8). As it is now, also when it was
   * read before.
   */
  async byEmailWithPassword(email: string): Promise<User | null> {
    const user = await this.em.findOne(User, { email }, { populate: ['passwordHash'], refresh: true });
    if (!user) this.em.map(User, ROW_OF_NOBODY);
    return user;
  }

  private async load(ids: readonly string[]): Promise<(UserRecord | undefined)[]> {
    const rows = await this.sql.rows(
      sql<object>`select ${this.columns.list} from users u where u.id in (${sql.join(ids)})`,
    );
    const users = rows.map((row) => this.columns.valuesOf(row));
    return ids.map((id) => users.find((user) => user.id === id));
  }
}
