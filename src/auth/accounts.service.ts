import { type EntityManager, LockMode } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { ADMIN_ROLE, USER_ROLE } from '../access/permissions.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { Role } from '../roles/role.entity.js';
import { assertRolesFit } from '../roles/role-names.js';
import { RolesService } from '../roles/roles.service.js';
import { User } from '../users/user.entity.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import { AddressTaken } from './address-taken.js';
import { lastAdmin } from './auth.errors.js';

export interface NewAccount {
  /** Normalised. */
  email: string;
  passwordHash: string | null;
  name?: string | null;
  emailVerified?: boolean;
  locale?: string | null;
  roles?: readonly string[];
}

/** Makes accounts, and keeps the last administrator. */
@Injectable()
export class AccountsService {
  constructor(
    private readonly roles: RolesService,
    private readonly held: HeldAddresses,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds the account to the transaction of `em`.
   *
   * @throws what `isAddressTaken` knows, of a taken or held address
   */
  async create(em: EntityManager, account: NewAccount): Promise<User> {
    const names = account.roles ?? [USER_ROLE];
    assertRolesFit(names);
    const roles = await this.roles.named(em, names);
    const user = em.create(User, {
      id: newId(),
      email: account.email,
      passwordHash: account.passwordHash,
      name: account.name ?? null,
      emailVerified: account.emailVerified ?? false,
      locale: account.locale ?? null,
      version: 1,
      roles,
      createdAt: this.clock.now(),
    });
    await em.flush();
    // Only now: whoever was about to leave the address has committed, and with it the hold.
    if (await this.held.isHeld(em, account.email)) throw new AddressTaken();
    return user;
  }

  /**
   * The lock on the role's row makes two admins who demote each other wait for each other.
   *
   * @throws AppError `CONFLICT`
   */
  async assertNotLastAdmin(em: EntityManager, user: User): Promise<void> {
    const role = await em.findOneOrFail(Role, ADMIN_ROLE, { lockMode: LockMode.PESSIMISTIC_WRITE });
    if (!user.roles.contains(role)) return;
    const others = await em.count(User, { id: { $ne: user.id }, disabledAt: null, roles: { name: ADMIN_ROLE } });
    if (others === 0) throw lastAdmin();
  }
}
