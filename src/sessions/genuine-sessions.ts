import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { KeyObject } from 'node:crypto';
import { perCurrentRequest } from '../common/per-request.js';
import { ENV, type Env } from '../config/env.js';
import { DirectSql } from '../database/direct-sql.js';
import type { EntityColumns } from '../database/entity-columns.js';
import { User, type UserRecord } from '../users/user.entity.js';
import { isGenuine, type ParsedRefreshToken, refreshKeyOf } from './refresh-token.js';
import { Session, type SessionRecord } from './session.entity.js';

/** A session together with whose it is. */
export interface OwnedSession {
  readonly session: SessionRecord;
  readonly user: UserRecord;
  /** The names of the user's roles, sorted. */
  readonly roles: readonly string[];
}

/** Together with the key of its refresh tokens, which never leaves this folder. */
export interface FoundSession extends OwnedSession {
  readonly refreshKey: KeyObject;
}

/** Finds the session that a refresh token was made for, if this server made it. */
@Injectable()
export class GenuineSessions {
  private readonly sessionColumns: EntityColumns<SessionRecord>;
  private readonly userColumns: EntityColumns<UserRecord>;
  /** What the present request has found: the limit on refreshes looks, and the rotation after it need not. */
  private readonly found = perCurrentRequest(() => new Map<string, FoundSession>());

  constructor(
    private readonly sql: DirectSql,
    @Inject(ENV) private readonly env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>,
  ) {
    this.sessionColumns = sql.columnsOf<SessionRecord>(Session, 's');
    this.userColumns = sql.columnsOf<UserRecord>(User, 'u');
  }

  async find(token: ParsedRefreshToken): Promise<FoundSession | undefined> {
    const [row] = await this.sql.rows(
      sql<{ roles: string | null }>`select ${this.sessionColumns.list}, ${this.userColumns.list},
          (select string_agg(h.role_name, ',') from user_roles h where h.user_id = u.id) as roles
        from sessions s join users u on u.id = s.user_id where s.id = ${token.sessionId}`,
    );
    if (!row) return undefined;
    const session = this.sessionColumns.valuesOf(row);
    const refreshKey = this.refreshKeyOf(token, session);
    if (!refreshKey) return undefined;
    const roles = row.roles?.split(',').sort() ?? [];
    const found = { session, refreshKey, user: this.userColumns.valuesOf(row), roles };
    this.found().set(keyOf(token), found);
    return found;
  }

  /** What `find` has just found for this very token in this request, once; otherwise it is looked up. */
  async take(token: ParsedRefreshToken): Promise<FoundSession | undefined> {
    const found = this.found().get(keyOf(token));
    this.found().delete(keyOf(token));
    return found ?? this.find(token);
  }

  /** The present key of the session's tokens, if it or one of a former secret made this one. */
  private refreshKeyOf(token: ParsedRefreshToken, { refreshSalt }: SessionRecord): KeyObject | undefined {
    const refreshKey = refreshKeyOf(this.env.JWT_SECRET, refreshSalt);
    if (isGenuine(token, refreshKey)) return refreshKey;
    const isOfFormerSecret = this.env.JWT_PREVIOUS_SECRETS.some((secret) =>
      isGenuine(token, refreshKeyOf(secret, refreshSalt)),
    );
    return isOfFormerSecret ? refreshKey : undefined;
  }
}

/** Body and MAC: the whole of the token. */
const keyOf = ({ body, mac }: ParsedRefreshToken): string => Buffer.concat([body, mac]).toString('base64url');
