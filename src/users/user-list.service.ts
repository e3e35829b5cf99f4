import { EntityManager, type ObjectQuery, raw } from '@mikro-orm/core';
import type { QBFilterQuery, SqlEntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { badInput } from '../common/bad-input.js';
import { cursorMoment, findPage, type Keyset } from '../paging/keyset.js';
import { pageRequest } from '../paging/page-request.js';
import { isEmailAddress } from './email.js';
import type { UserConnection } from './user-connection.model.js';
import { type UserFilter, type UserListArgs, UserOrder } from './user-list.args.js';
import { User } from './user.entity.js';

/** Users are counted so far and no further: to count all of a great table costs as much as to read it. */
export const MAX_COUNT = 10_000;

const MAX_SEARCH_LENGTH = 100;

/** Three letters are the least that the index of trigrams can find anywhere in a text. */
const SHORT_WORD = 2;

/** Each of them is an index of the table. */
const ORDERS: Readonly<Record<UserOrder, Keyset<User>>> = {
  CREATED_AT_DESC: { property: 'createdAt', direction: 'desc', value: cursorMoment },
  CREATED_AT_ASC: { property: 'createdAt', direction: 'asc', value: cursorMoment },
  EMAIL_ASC: { property: 'email', direction: 'asc', value: z.string().refine(isEmailAddress) },
  LAST_LOGIN_DESC: { property: 'lastLoginAt', direction: 'desc', value: cursorMoment, isNullable: true },
};

/** Finds users for those who administer them. */
@Injectable()
export class UserList {
  constructor(private readonly em: EntityManager) {}

  async page({ filter, orderBy, ...page }: UserListArgs): Promise<UserConnection> {
    const order = ORDERS[orderBy ?? UserOrder.CREATED_AT_DESC];
    const found = await findPage(this.em, User, whereOf(filter ?? {}), order, pageRequest(page));
    return { ...found, filter: filter ?? {} };
  }

  /** How many there are, up to `MAX_COUNT`. */
  async count(filter: UserFilter): Promise<number> {
    // The ORM's own type does not know of SQL; both engines have this one.
    const em = this.em as SqlEntityManager;
    const where = whereOf(filter) as QBFilterQuery<User>;
    const { sql, params } = em.createQueryBuilder(User).select('id').where(where).limit(MAX_COUNT).toQuery();
    const counted = await em.execute<{ total: string }>(
      `select count(*) as total from (${sql}) as some`,
      params,
      'get',
    );
    return Number(counted.total);
  }
}

/** @throws AppError `BAD_USER_INPUT` */
function whereOf(filter: UserFilter): ObjectQuery<User> {
  const { search, role, disabled, emailVerified, createdAfter, createdBefore } = filter;
  const conditions: ObjectQuery<User>[] = wordsOf(search ?? '').map(holds);
  if (typeof role === 'string') conditions.push({ roles: { $some: { name: role } } });
  if (typeof disabled === 'boolean') conditions.push({ disabledAt: disabled ? { $ne: null } : null });
  if (typeof emailVerified === 'boolean') conditions.push({ emailVerified });
  if (createdAfter) conditions.push({ createdAt: { $gte: createdAfter } });
  if (createdBefore) conditions.push({ createdAt: { $lt: createdBefore } });
  return { $and: conditions };
}

function wordsOf(search: string): string[] {
  if (search.length > MAX_SEARCH_LENGTH) {
    throw badInput('filter.search', `must not be longer than ${MAX_SEARCH_LENGTH} characters`);
  }
  // PostgreSQL's texts have no NUL.
  return search.normalize('NFC').toLowerCase().replaceAll('\0', '').split(/\s+/).filter(Boolean);
}

/** The very expression of the index `users_search`: address, then name. */
function holds(word: string): ObjectQuery<User> {
  const literal = word.replace(/[!%_]/g, '!$&');
  const pattern = word.length <= SHORT_WORD ? `${literal}%` : `%${literal}%`;
  const text = (table: string) => `lower(${table}.email || ' ' || coalesce(${table}.name, ''))`;
  return { [raw((table) => `${text(table)} like ? escape '!'`, [pattern])]: [] };
}
