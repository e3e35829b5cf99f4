import { EntityManager, LockMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { ADMIN_ROLE, type Permission, PERMISSIONS, USER_ROLE } from '../access/permissions.js';
import type { Principal } from '../access/principal.js';
import { badInput } from '../common/bad-input.js';
import { isStorable } from '../common/storable.js';
import { HeldRoles } from './held-roles.js';
import { ALL_RIGHTS, permissionsOfRoles, type Rights, rightsOfRoles } from './rights.js';
import { lockedRoles } from './locked-roles.js';
import { Role } from './role.entity.js';

/** Holders are counted so far and no further: everybody holds `user`. */
export const MAX_HOLDERS = 10_000;

/** Roles are rows; what they permit is looked up when it matters, so a changed role counts on the next request. */
@Injectable()
export class RolesService {
  private readonly known = new WeakMap<Principal, Promise<ReadonlySet<string>>>();

  constructor(
    private readonly em: EntityManager,
    private readonly held: HeldRoles,
  ) {}

  /** Everything that the caller may do. Looked up at most once for each request: a principal lives no longer. */
  permissionsOf(principal: Principal): Promise<ReadonlySet<string>> {
    let permissions = this.known.get(principal);
    if (!permissions) {
      permissions = this.lookUp(principal);
      this.known.set(principal, permissions);
    }
    return permissions;
  }

  async holds(principal: Principal, needed: readonly Permission[]): Promise<boolean> {
    const permissions = await this.permissionsOf(principal);
    return needed.every((permission) => permissions.has(permission));
  }

  /**
   * What the user, whose row the transaction of `em` holds, may do as long as it lasts.
   *
   * @param changed the name of the role that the transaction is about, which is locked with those of the user
   */
  async rightsIn(em: EntityManager, userId: string, changed?: string): Promise<Rights> {
    const roles = await this.held.namesIn(em, userId);
    // Nobody changes what `admin` permits: to lock it would let administrators wait for each other.
    if (roles.includes(ADMIN_ROLE)) return { ...ALL_RIGHTS, roles };
    if (changed === undefined) return rightsOfRoles(await this.existing(em, roles));
    const held = await lockedRoles(em, roles, changed);
    return rightsOfRoles(held.filter(({ name }) => roles.includes(name)));
  }

  /** The rows of these names. Throws `BAD_USER_INPUT` for a name that no role has. */
  async named(em: EntityManager, names: readonly string[]): Promise<Role[]> {
    const roles = await this.existing(em, names);
    if (roles.length < new Set(names).size) throw badInput('roles', 'names a role that does not exist');
    return roles;
  }

  /** The same, of names that a role has. */
  existing(em: EntityManager, names: readonly string[]): Promise<Role[]> {
    // A role that is just being deleted is waited for. Every sign-up asks for `user`, and nobody can delete that one.
    const lockMode = names.every((name) => name === USER_ROLE) ? LockMode.NONE : LockMode.PESSIMISTIC_READ;
    return em.find(Role, { name: { $in: names.filter(isStorable) } }, { lockMode });
  }

  /** How many users hold each of the roles, up to `MAX_HOLDERS`. One statement for any number of roles. */
  async countHolders(names: readonly string[]): Promise<number[]> {
    // The ORM's own type does not know of SQL; both engines have this one.
    const em = this.em as SqlEntityManager;
    const distinct = [...new Set(names)];
    const rows = await em.execute<{ name: string; holders: number | string }[]>(
      `select r.name, (select count(*) from (select 1 from user_roles where role_name = r.name limit ?) s) as holders
        from roles r where r.name in (${distinct.map(() => '?').join()})`,
      [MAX_HOLDERS, ...distinct],
    );
    const holders = new Map(rows.map((row) => [row.name, Number(row.holders)]));
    return names.map((name) => holders.get(name) ?? 0);
  }

  private async lookUp({ roles: names, impersonatorId }: Principal): Promise<ReadonlySet<string>> {
    if (names.includes(ADMIN_ROLE)) return new Set(PERMISSIONS);
    const permissions = permissionsOfRoles(await this.em.find(Role, { name: { $in: [...names] } }));
    if (impersonatorId === undefined) return new Set(permissions);
    // Who acts as somebody else has at most what both have.
    const actors = (await this.held.rightsOf([impersonatorId])).get(impersonatorId)?.permissions;
    return new Set(permissions.filter((permission) => actors?.has(permission)));
  }
}
