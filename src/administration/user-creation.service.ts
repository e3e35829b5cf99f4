import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { forbidden } from '../access/access.errors.js';
import { USER_ROLE } from '../access/permissions.js';
import { RegistrationService } from '../auth/registration.service.js';
import { isStorable } from '../common/storable.js';
import { Role } from '../roles/role.entity.js';
import type { User } from '../users/user.entity.js';
import { actedBy, assertMayAssign, Authorities, type Authority } from './authority.js';
import type { CreateUserInput } from './user.inputs.js';

/** Makes accounts for others. */
@Injectable()
export class UserCreation {
  constructor(
    private readonly em: EntityManager,
    private readonly registrations: RegistrationService,
    private readonly authorities: Authorities,
  ) {}

  async create({ roles, ...account }: CreateUserInput, authority: Authority): Promise<User> {
    const names = [...new Set(roles ?? [USER_ROLE])];
    await this.assertMayGive(names, authority);
    const { email, password = null, name = null, locale = null } = account;
    const emailVerified = account.emailVerified ?? false;
    return this.registrations.register(
      { email, password, name, locale, emailVerified, roles: names },
      actedBy(authority),
      (em) => this.authorities.hold(em, authority),
    );
  }

  private async assertMayGive(names: readonly string[], authority: Authority): Promise<void> {
    if (names.every((name) => name === USER_ROLE)) return;
    if (!authority.rights.permissions.has('roles:assign')) throw forbidden('To give other roles takes roles:assign.');
    // What is no role is refused when the account is made.
    const roles = await this.em.fork().find(Role, { name: { $in: names.filter(isStorable) } });
    assertMayAssign(authority, roles);
  }
}
