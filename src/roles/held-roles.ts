import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import DataLoader from 'dataloader';
import { sql } from 'kysely';
import { perCurrentRequest } from '../common/per-request.js';
import { DirectSql } from '../database/direct-sql.js';
import { type HeldRole, type Rights, rightsOfRoles } from './rights.js';

interface Row {
  readonly user_id: string;
  readonly name: string;
  /** JSON. */
  readonly permissions: string;
}

/** Without a name: a user without roles. */
type RowOfUser = Row | { readonly user_id: string; readonly name: null };

/** A user, as far as their roles are concerned: `version` grows with every change of them. */
export interface RoleHolder {
  readonly id: string;
  readonly version: number;
}

/** The roles that users hold: of all who are asked about at the same time in one statement. */
@Injectable()
export class HeldRoles {
  // Batches only: with a cache, reading again after a mutation of the same document would answer from before it.
  private readonly loader = perCurrentRequest(
    () => new DataLoader((userIds: readonly string[]) => this.load(userIds), { cache: false }),
  );

  /** What the token of a caller says, by the user and the version that it is about. */
  private readonly remembered = perCurrentRequest(() => new Map<string, readonly string[]>());

  constructor(private readonly sql: DirectSql) {}

  /** For the rest of the request, these are the names of the holder's roles: whoever has another version is looked up. */
  remember(holder: RoleHolder, names: readonly string[]): void {
    this.remembered().set(keyOf(holder), names);
  }

  /** The names, sorted. */
  async namesOf(holder: RoleHolder): Promise<readonly string[]> {
    const remembered = this.remembered().get(keyOf(holder));
    return remembered?.toSorted() ?? (await this.of(holder.id)).map(({ name }) => name);
  }

  /** The names, sorted, as they are in the transaction of `em`, which holds the user's row. */
  async namesIn(em: EntityManager, userId: string): Promise<string[]> {
    const statement = sql<{ role_name: string }>`select role_name from user_roles where user_id = ${userId}`;
    return (await this.sql.rows(statement, em)).map((row) => row.role_name).sort();
  }

  /**
   * What these users may do. Who has no account any more, or a disabled one, is not in the answer.
   *
   * @param em of a transaction, which reads what is committed by now
   */
  async rightsOf(userIds: readonly string[], em?: EntityManager): Promise<ReadonlyMap<string, Rights>> {
    const statement = sql<RowOfUser>`select u.id as user_id, r.name, cast(r.permissions as text) as permissions
      from users u left join user_roles h on h.user_id = u.id left join roles r on r.name = h.role_name
      where u.id in (${sql.join(userIds)}) and u.disabled_at is null`;
    const byUser = Map.groupBy(await this.sql.rows(statement, em), (row) => row.user_id);
    return new Map(
      [...byUser].map(([id, rows]) => [id, rightsOfRoles(rows.filter((row) => row.name !== null).map(roleOf))]),
    );
  }

  /** Sorted by name. */
  of(userId: string): Promise<HeldRole[]> {
    return this.loader().load(userId);
  }

  private async load(userIds: readonly string[]): Promise<HeldRole[][]> {
    const distinct = [...new Set(userIds)];
    const rows = await this.sql.rows(
      sql<Row>`select h.user_id, r.name, cast(r.permissions as text) as permissions
        from user_roles h join roles r on r.name = h.role_name where h.user_id in (${sql.join(distinct)})`,
    );
    const byUser = Map.groupBy(rows, (row) => row.user_id);
    return userIds.map((id) => (byUser.get(id) ?? []).map(roleOf).sort((a, b) => (a.name < b.name ? -1 : 1)));
  }
}

const roleOf = ({ name, permissions }: Row): HeldRole => ({ name, permissions: JSON.parse(permissions) as string[] });

const keyOf = ({ id, version }: RoleHolder): string => `${id}:${version}`;
