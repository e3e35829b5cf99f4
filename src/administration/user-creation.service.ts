import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { forbidden } from '../access/access.errors.js';
import { USER_ROLE } from '../access/permissions.js';
import { RegistrationService } from '../auth/registration.service.js';
import { ENV, type Env } from '../config/env.js';
import { RolesService } from '../roles/roles.service.js';
import type { User } from '../users/user.entity.js';
import { actedBy, assertMayAssign, Authorities, type Authority, type HeldAuthority } from './authority.js';
import type { CreateUserInput } from './user.inputs.js';

/** Makes accounts for others. */
@Injectable()
export class UserCreation {
  constructor(
    private readonly registrations: RegistrationService,
    private readonly roles: RolesService,
    private readonly authorities: Authorities,
    @Inject(ENV) private readonly env: Pick<Env, 'SIGNUP_ENABLED'>,
  ) {}

  async create({ roles, ...account }: CreateUserInput, authority: Authority): Promise<User> {
    const names = [...new Set(roles ?? [USER_ROLE])];
    const { email, password = null, name = null, locale = null } = account;
    const emailVerified = account.emailVerified ?? false;
    // Each gives the owner of the address more than they could have by themselves.
    const isMore = givesMore(names) || emailVerified || password !== null || !this.env.SIGNUP_ENABLED;
    if (isMore) this.authorities.assertRecentSignIn(authority);
    return this.registrations.register(
      { email, password, name, locale, emailVerified, roles: names },
      actedBy(authority),
      async (em) => this.assertMayGive(em, names, await this.authorities.hold(em, authority)),
    );
  }

  private async assertMayGive(em: EntityManager, names: readonly string[], authority: HeldAuthority): Promise<void> {
    if (!givesMore(names)) return;
    if (!authority.rights.permissions.has('roles:assign')) throw forbidden('To give other roles takes roles:assign.');
    // Locked from here on, all of them: the very rows that the account is given.
    assertMayAssign(authority, await this.roles.named(em, names));
  }
}

/** More than a sign-up does. */
const givesMore = (names: readonly string[]): boolean => names.some((name) => name !== USER_ROLE);
