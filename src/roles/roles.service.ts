import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { ADMIN_ROLE, type Permission, PERMISSIONS } from '../access/permissions.js';
import type { Principal } from '../access/principal.js';
import { AppError } from '../common/app-error.js';
import { ErrorAction, ErrorCode } from '../common/error-codes.js';
import { Role } from './role.entity.js';

/** Roles are rows; what they permit is looked up when it matters, so a changed role counts on the next request. */
@Injectable()
export class RolesService {
  private readonly known = new WeakMap<Principal, Promise<ReadonlySet<string>>>();

  constructor(private readonly em: EntityManager) {}

  /** Everything that the caller may do. Looked up at most once for each request: a principal lives no longer. */
  permissionsOf(principal: Principal): Promise<ReadonlySet<string>> {
    let permissions = this.known.get(principal);
    if (!permissions) {
      permissions = this.lookUp(principal.roles);
      this.known.set(principal, permissions);
    }
    return permissions;
  }

  async holds(principal: Principal, needed: readonly Permission[]): Promise<boolean> {
    const permissions = await this.permissionsOf(principal);
    return needed.every((permission) => permissions.has(permission));
  }

  /** The rows of these names. Throws `BAD_USER_INPUT` for a name that no role has. */
  async named(em: EntityManager, names: readonly string[]): Promise<Role[]> {
    const roles = await em.find(Role, { name: { $in: [...names] } });
    if (roles.length < new Set(names).size) {
      const message = 'names a role that does not exist';
      const fields = [{ path: 'roles', message }];
      throw new AppError(ErrorCode.BAD_USER_INPUT, `roles ${message}`, { action: ErrorAction.FIX_INPUT, fields });
    }
    return roles;
  }

  private async lookUp(names: readonly string[]): Promise<ReadonlySet<string>> {
    if (names.includes(ADMIN_ROLE)) return new Set(PERMISSIONS);
    const roles = await this.em.find(Role, { name: { $in: [...names] } });
    return new Set(permissionsOfRoles(roles));
  }
}

/** The permissions of the roles together, sorted. The role `admin` holds every permission, whatever its row says. */
export function permissionsOfRoles(roles: readonly Pick<Role, 'name' | 'permissions'>[]): string[] {
  const all = roles.flatMap((role) => (role.name === ADMIN_ROLE ? PERMISSIONS : role.permissions));
  return [...new Set(all)].sort();
}
