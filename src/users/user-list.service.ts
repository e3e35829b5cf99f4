import { EntityManager, type ObjectQuery } from '@mikro-orm/core';
import type { QBFilterQuery, SqlEntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import * as z from 'zod';
import { isStorable } from '../common/storable.js';
import { cursorMoment, findPage, type Keyset } from '../paging/keyset.js';
import { pageRequest } from '../paging/page-request.js';
import type { UserConnection } from './user-connection.model.js';
import { type UserFilter, type UserListArgs, UserOrder } from './user-list.args.js';
import { searchUsers } from './user-search.js';
import { User } from './user.entity.js';

/** Users are counted so far and no further: to count all of a great table costs as much as to read it. */
export const MAX_COUNT = 10_000;

/** So many holders of a role are looked up first. Where there are more, the users of a page are soon found in any order. */
const FEW_HOLDERS = 1_000;

/** Each of them is an index of the table. */
const ORDERS: Readonly<Record<UserOrder, Keyset<User>>> = {
  CREATED_AT_DESC: { property: 'createdAt', direction: 'desc', value: cursorMoment },
  CREATED_AT_ASC: { property: 'createdAt', direction: 'asc', value: cursorMoment },
  EMAIL_ASC: { property: 'email', direction: 'asc', value: z.string().regex(/^[^\0]{1,254}$/) },
  LAST_LOGIN_DESC: { property: 'lastLoginAt', direction: 'desc', value: cursorMoment, isNullable: true },
};

/** Finds users for those who administer them. */
@Injectable()
export class UserList {
  constructor(private readonly em: EntityManager) {}

  async page({ filter, orderBy, ...page }: UserListArgs): Promise<UserConnection> {
    const order = ORDERS[orderBy ?? UserOrder.CREATED_AT_DESC];
    const request = pageRequest(page);
    const where = await whereOf(this.em, filter ?? {});
    return { ...(await findPage(this.em, User, where, order, request)), where };
  }

  /** How many there are, up to `MAX_COUNT`. */
  async count(where: ObjectQuery<User>): Promise<number> {
    // The ORM's own type does not know of SQL; both engines have this one.
    const em = this.em as SqlEntityManager;
    const some = em
      .createQueryBuilder(User)
      .select('id')
      .where(where as QBFilterQuery<User>);
    const { sql, params } = some.limit(MAX_COUNT).toQuery();
    const counted = await em.execute<{ total: string }>(
      `select count(*) as total from (${sql}) as counted`,
      params,
      'get',
    );
    return Number(counted.total);
  }
}

/** @throws AppError `BAD_USER_INPUT` */
async function whereOf(em: EntityManager, filter: UserFilter): Promise<ObjectQuery<User>> {
  const { search, role, disabled, emailVerified, createdAfter, createdBefore } = filter;
  const conditions: ObjectQuery<User>[] = [];
  const found = await searchUsers(em, search ?? '');
  if (found) conditions.push({ id: { $in: found } });
  if (typeof role === 'string') conditions.push(await holds(em, role));
  if (typeof disabled === 'boolean') conditions.push({ disabledAt: disabled ? { $ne: null } : null });
  if (typeof emailVerified === 'boolean') conditions.push({ emailVerified });
  if (createdAfter) conditions.push({ createdAt: { $gte: createdAfter } });
  if (createdBefore) conditions.push({ createdAt: { $lt: createdBefore } });
  return { $and: conditions };
}

/** PostgreSQL, which knows the frequent roles only, would look at every user for a role that hardly anybody holds. */
async function holds(em: EntityManager, role: string): Promise<ObjectQuery<User>> {
  if (!isStorable(role)) return { id: [] };
  const sql = 'select user_id as id from user_roles where role_name = ? limit ?';
  const holders = await (em as SqlEntityManager).execute<{ id: string }[]>(sql, [role, FEW_HOLDERS + 1]);
  if (holders.length > FEW_HOLDERS) return { roles: { $some: { name: role } } };
  return { id: { $in: holders.map(({ id }) => id) } };
}
