import { Injectable } from '@nestjs/common';
import DataLoader from 'dataloader';
import { sql } from 'kysely';
import { perRequest } from '../common/per-request.js';
import { currentRequest } from '../common/request-id.js';
import { DirectSql } from '../database/direct-sql.js';

export interface HeldRole {
  readonly name: string;
  readonly permissions: readonly string[];
}

interface Row {
  readonly user_id: string;
  readonly name: string;
  /** JSON. */
  readonly permissions: string;
}

/** A user, as far as their roles are concerned: `version` grows with every change of them. */
export interface RoleHolder {
  readonly id: string;
  readonly version: number;
}

/** The roles that users hold: of all who are asked about at the same time in one statement. */
@Injectable()
export class HeldRoles {
  // Batches only: with a cache, reading again after a mutation of the same document would answer from before it.
  private readonly loaderOf = perRequest(
    () => new DataLoader((userIds: readonly string[]) => this.load(userIds), { cache: false }),
  );

  /** What the token of a caller says, by the user and the version that it is about. */
  private readonly rememberedOf = perRequest(() => new Map<string, readonly string[]>());

  constructor(private readonly sql: DirectSql) {}

  /** For the rest of the request, these are the names of the holder's roles: whoever has another version is looked up. */
  remember(holder: RoleHolder, names: readonly string[]): void {
    const request = currentRequest();
    if (request) this.rememberedOf(request).set(keyOf(holder), names);
  }

  /** The names, sorted. */
  async namesOf(holder: RoleHolder): Promise<readonly string[]> {
    const remembered = this.rememberedOf(currentRequest() ?? {}).get(keyOf(holder));
    return remembered?.toSorted() ?? (await this.of(holder.id)).map(({ name }) => name);
  }

  /** Sorted by name. */
  of(userId: string): Promise<HeldRole[]> {
    return this.loaderOf(currentRequest() ?? {}).load(userId);
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
