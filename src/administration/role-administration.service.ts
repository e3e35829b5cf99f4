import { EntityManager, LockMode, UniqueConstraintViolationException } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { notFound } from '../access/access.errors.js';
import { ADMIN_ROLE, PERMISSIONS } from '../access/permissions.js';
import { AuditService } from '../audit/audit.service.js';
import { badInput } from '../common/bad-input.js';
import { Clock } from '../common/clock.js';
import { isStorable } from '../common/storable.js';
import { Transactions } from '../database/transactions.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { Role } from '../roles/role.entity.js';
import { MAX_ADDED_ROLES, MAX_ROLE_CHARACTERS, MAX_ROLES } from '../roles/role-names.js';
import { roleRevisionOf } from '../roles/role-revision.js';
import { Impersonations } from '../sessions/impersonations.service.js';
import { User } from '../users/user.entity.js';
import { builtInRole, changedMeanwhile, roleExists, roleInUse, tooManyRoles } from './administration.errors.js';
import {
  actedBy,
  assertMayGrant,
  assertMayReplace,
  Authorities,
  type Authority,
  type HeldAuthority,
} from './authority.js';
import type { RoleInput } from './role.inputs.js';

/** Makes and changes roles. What a role permits is looked up at each request, so a change counts on the next one. */
@Injectable()
export class RoleAdministration {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly authorities: Authorities,
    private readonly impersonations: Impersonations,
    private readonly revocations: RevocationList,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  list(): Promise<Role[]> {
    return this.em.find(Role, {}, { orderBy: { name: 'asc' } });
  }

  /** @throws AppError `CONFLICT` when there is one of this name, and when there are `MAX_ADDED_ROLES` already */
  async create({ name, description, permissions }: RoleInput, authority: Authority): Promise<Role> {
    assertKnown(permissions);
    try {
      return await this.transactions.runApart(async (em) => {
        assertMayGrant(await this.authorities.hold(em, authority), permissions);
        await assertRoom(em);
        const known = sorted(permissions);
        const role = em.create(Role, {
          name,
          description: description ?? null,
          permissions: known,
          builtIn: false,
          createdAt: this.clock.now(),
        });
        this.audit.record(em, 'role.created', { ...actedBy(authority), details: { role: name, permissions: known } });
        await em.flush();
        return role;
      });
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) throw roleExists();
      throw error;
    }
  }

  /** @param revision of the role that the author has looked at; without it, the role is changed as it is */
  async update(input: RoleInput, authority: Authority, revision?: string | null): Promise<Role> {
    assertKnown(input.permissions);
    this.authorities.assertRecentSignIn(authority);
    return this.transactions.runApart(async (em) => {
      const held = await this.authorities.hold(em, authority, { role: input.name });
      const role = await find(em, input.name, LockMode.PESSIMISTIC_WRITE);
      assertMayChange(held, role);
      assertMayGrant(held, input.permissions);
      const present = roleRevisionOf(role);
      if ((revision ?? present) !== present) throw changedMeanwhile();
      role.permissions = sorted(input.permissions);
      if (input.description !== undefined) role.description = input.description;
      const details = { role: role.name, permissions: role.permissions };
      this.audit.record(em, 'role.updated', { ...actedBy(authority), details });
      await em.flush();
      await this.impersonations.endForbidden(em);
      return role;
    });
  }

  /**
   * @param replacement what its holders hold from now on instead
   * @throws AppError `CONFLICT` for a built-in role, and for one that is held and not replaced
   */
  async delete(name: string, replacement: string | null, authority: Authority): Promise<void> {
    this.authorities.assertRecentSignIn(authority);
    if (replacement === name) throw badInput('replacement', 'must be another role');
    await this.transactions.runApart(async (em) => {
      const held = await this.authorities.hold(em, authority, { role: name });
      const role = await find(em, name, LockMode.PESSIMISTIC_WRITE);
      assertMayChange(held, role);
      if (role.builtIn) throw builtInRole();
      const isHeld = (await em.count(User, { roles: { name } })) > 0;
      if (isHeld && replacement === null) throw roleInUse();
      if (isHeld && replacement !== null) await this.replace(em, role, replacement, held);
      const details = { role: name, ...(replacement !== null && { replacement }) };
      this.audit.record(em, 'role.deleted', { ...actedBy(authority), details });
      em.remove(role);
      await em.flush();
      await this.impersonations.endForbidden(em);
    });
  }

  private async replace(em: EntityManager, role: Role, replacement: string, authority: HeldAuthority): Promise<void> {
    assertMayReplace(authority, role, await find(em, replacement));
    // The ORM's own type does not know of SQL; both engines have these. As many as there are holders: two statements.
    const sql = em as SqlEntityManager;
    await sql.execute(
      `insert into user_roles (user_id, role_name) select user_id, ? from user_roles where role_name = ? on conflict do nothing`,
      [replacement, role.name],
    );
    await sql.execute(
      `update users set version = version + 1 where id in (select user_id from user_roles where role_name = ?)`,
      [role.name],
    );
    const unfit = await sql.execute<object[]>(
      `select 1 from user_roles where user_id in (select user_id from user_roles where role_name = ?) and role_name <> ?
        group by user_id having count(*) > ? or sum(length(role_name)) > ? limit 1`,
      [role.name, role.name, MAX_ROLES, MAX_ROLE_CHARACTERS],
    );
    if (unfit.length > 0)
      throw badInput('replacement', 'is too long a name for one of the holders, whose roles have to fit into a token');
    await this.revocations.giveUp(em);
  }
}

async function find(em: EntityManager, name: string, lockMode: LockMode = LockMode.NONE): Promise<Role> {
  const role = isStorable(name) ? await em.findOne(Role, { name }, { lockMode }) : null;
  if (!role) throw notFound('There is no such role.');
  return role;
}

/**
 * The lock on the row of `admin` makes those who add a role wait for each other, on every instance.
 *
 * @throws AppError `CONFLICT`
 */
async function assertRoom(em: EntityManager): Promise<void> {
  await find(em, ADMIN_ROLE, LockMode.PESSIMISTIC_WRITE);
  if ((await em.count(Role, { builtIn: false })) >= MAX_ADDED_ROLES) throw tooManyRoles();
}

/** @throws AppError `CONFLICT` for `admin`, `FORBIDDEN` for a role that permits more than its changer may */
function assertMayChange(authority: HeldAuthority, role: Role): void {
  if (role.name === ADMIN_ROLE) throw builtInRole();
  assertMayGrant(authority, role.permissions);
}

function assertKnown(permissions: readonly string[]): void {
  const known: readonly string[] = PERMISSIONS;
  if (!permissions.every((permission) => known.includes(permission))) {
    throw badInput('input.permissions', 'names a permission that does not exist');
  }
}

const sorted = (permissions: readonly string[]): string[] => [...new Set(permissions)].sort();
