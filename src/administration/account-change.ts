import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { notFound } from '../access/access.errors.js';
import { isId } from '../common/ids.js';
import { Transactions } from '../database/transactions.js';
import { normalizeEmail } from '../users/email.js';
import { revisionOf } from '../users/user-revision.js';
import { User } from '../users/user.entity.js';
import { changedMeanwhile } from './administration.errors.js';
import { assertRightsOver, Authorities, type Authority, type HeldAuthority } from './authority.js';

export type AccountKey = { readonly id: string } | { readonly email: string };

/**
 * Changes an account in somebody's name, in one transaction that holds its row. Of two changes at once the second is
 * refused: its author has not seen the first.
 */
@Injectable()
export class AccountChange {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly authorities: Authorities,
  ) {}

  /**
   * @param revision of the account that the author has looked at; without it, the present one
   * @param work gets the account with its roles
   * @throws AppError `NOT_FOUND`, `FORBIDDEN` for an account of greater rights, `CONFLICT`
   */
  async run<T>(
    key: AccountKey,
    authority: Authority,
    revision: string | null | undefined,
    work: (em: EntityManager, user: User, authority: HeldAuthority) => Promise<T>,
  ): Promise<T> {
    const found = await find(this.em.fork(), key);
    const seen = revision ?? presentRevision(found);
    return this.transactions.runApart(async (em) => {
      const held = await this.authorities.hold(em, authority, { userId: found.id });
      // Held already. The roles are read after the lock: what is joined before it can be of an older time (READ COMMITTED).
      const user = await find(em, { id: found.id });
      assertRightsOver(held, user);
      if (presentRevision(user) !== seen) throw changedMeanwhile();
      return work(em, user, held);
    });
  }
}

async function find(em: EntityManager, key: AccountKey): Promise<User> {
  const isLookedFor = !('id' in key) || isId(key.id);
  const where = 'id' in key ? { id: key.id } : { email: normalizeEmail(key.email) };
  const user = isLookedFor ? await em.findOne(User, where) : null;
  if (!user) throw notFound('There is no such account.');
  await em.populate(user, ['roles']);
  return user;
}

const presentRevision = (user: User): string =>
  revisionOf(
    user,
    user.roles.getItems().map(({ name }) => name),
  );
