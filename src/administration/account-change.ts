import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { notFound } from '../access/access.errors.js';
import { parseId } from '../common/ids.js';
import { Transactions } from '../database/transactions.js';
import { normalizeEmail } from '../users/email.js';
import { revisionOf, withoutName } from '../users/user-revision.js';
import { User } from '../users/user.entity.js';
import { changedMeanwhile } from './administration.errors.js';
import { assertRightsOver, Authorities, type Authority, type HeldAuthority } from './authority.js';

export type AccountKey = { readonly id: string } | { readonly email: string };

/** What the author of a change has looked at. */
export interface Look {
  /** Of the account. Without it, the change is made to the account as it is. */
  readonly revision?: string | null | undefined;
  /** True: the change replaces the name that was looked at. */
  readonly isAboutName?: boolean;
}

/**
 * Changes an account in somebody's name, in one transaction that holds its row. Every rule is judged by what is read under
 * the lock, so that nothing which a user does meanwhile keeps an administrator from acting on them.
 */
@Injectable()
export class AccountChange {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly authorities: Authorities,
  ) {}

  /**
   * @param work gets the account with its roles
   * @throws AppError `NOT_FOUND`, `FORBIDDEN` for an account of greater rights, `CONFLICT` when it is not as it was looked at
   */
  async run<T>(
    key: AccountKey,
    authority: Authority,
    look: Look,
    work: (em: EntityManager, user: User, authority: HeldAuthority) => Promise<T>,
  ): Promise<T> {
    const { id } = await find(this.em.fork(), key);
    return this.transactions.runApart(async (em) => {
      const held = await this.authorities.hold(em, authority, { userId: id });
      // Held already. The roles are read after the lock: what is joined before it can be of an older time (READ COMMITTED).
      const user = await find(em, { ...key, id });
      assertRightsOver(held, user);
      assertAsLookedAt(user, look);
      return work(em, user, held);
    });
  }
}

/** By all that the key names: a mistyped id finds nothing, and an address nobody who has left it. */
async function find(em: EntityManager, key: Partial<Record<'id' | 'email', string>>): Promise<User> {
  const { id: text, email } = key;
  const id = text === undefined ? undefined : parseId(text);
  const isMistyped = text !== undefined && id === undefined;
  const where = { ...(id !== undefined && { id }), ...(email !== undefined && { email: normalizeEmail(email) }) };
  const user = isMistyped ? null : await em.findOne(User, where);
  if (!user) throw notFound('There is no such account.');
  await em.populate(user, ['roles']);
  return user;
}

/** @throws AppError `CONFLICT` */
function assertAsLookedAt(user: User, { revision, isAboutName = false }: Look): void {
  const roles = user.roles.getItems().map(({ name }) => name);
  const present = revisionOf(user, roles);
  const seen = revision ?? present;
  const isSame = isAboutName ? seen === present : withoutName(seen) === withoutName(present);
  if (!isSame) throw changedMeanwhile();
}
