import { Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Authenticated, Permissions } from '../access/access.decorators.js';
import { forbidden } from '../access/access.errors.js';
import { CurrentPrincipal } from '../access/current-principal.decorator.js';
import { PERMISSIONS } from '../access/permissions.js';
import type { Principal } from '../access/principal.js';
import { HoldsAtMost } from '../paging/list-bound.js';
import { HeldRoles } from '../roles/held-roles.js';
import { permissionsOfRoles } from '../roles/rights.js';
import { MAX_ROLES } from '../roles/role-names.js';
import { RolesService } from '../roles/roles.service.js';
import type { UserRecord } from './user.entity.js';
import { UserModel } from './user.model.js';
import { revisionOf } from './user-revision.js';
import { UsersService } from './users.service.js';

@Resolver(() => UserModel)
export class UsersResolver {
  constructor(
    private readonly users: UsersService,
    private readonly roles: RolesService,
    private readonly held: HeldRoles,
  ) {}

  @Query(() => UserModel, { description: 'The signed-in user.' })
  @Authenticated()
  me(@CurrentPrincipal() principal: Principal): Promise<UserRecord> {
    return this.users.current(principal.userId);
  }

  @HoldsAtMost(MAX_ROLES)
  @ResolveField('roles', () => [String], { description: 'The names of the roles that the user holds.' })
  rolesOf(@Parent() user: UserRecord): Promise<readonly string[]> {
    return this.held.namesOf(user);
  }

  @HoldsAtMost(PERMISSIONS.length)
  @ResolveField('permissions', () => [String], {
    nullable: true,
    description: 'What the roles permit. Of oneself, or of anybody with `users:read`.',
  })
  @Authenticated()
  async permissionsOf(@Parent() user: UserRecord, @CurrentPrincipal() principal: Principal): Promise<string[]> {
    if (user.id !== principal.userId && !(await this.roles.holds(principal, ['users:read']))) throw forbidden();
    return permissionsOfRoles(await this.held.of(user.id));
  }

  @ResolveField('revision', () => String, {
    nullable: true,
    description:
      'Changes whenever an administrator could want to look again. Hand it back to `updateUser` or `setUserRoles`. A name that has changed since stops no change but that of the name.',
  })
  @Permissions('users:read')
  async revisionOf(@Parent() user: UserRecord): Promise<string> {
    return revisionOf(user, await this.held.namesOf(user));
  }

  @ResolveField(() => String, { nullable: true, description: 'What the account is called where it was imported from.' })
  @Permissions('users:read')
  externalId(@Parent() user: UserRecord): string | null {
    return user.externalId ?? null;
  }

  @ResolveField(() => Date, { nullable: true, description: 'When the user last signed in.' })
  @Permissions('users:read')
  lastLoginAt(@Parent() user: UserRecord): Date | null {
    return user.lastLoginAt ?? null;
  }

  @ResolveField(() => Date, { nullable: true, description: 'Since when the account is disabled. Null: it is not.' })
  @Permissions('users:read')
  disabledAt(@Parent() user: UserRecord): Date | null {
    return user.disabledAt ?? null;
  }

  @ResolveField(() => String, { nullable: true, description: 'Why the account is disabled.' })
  @Permissions('users:read')
  disabledReason(@Parent() user: UserRecord): string | null {
    return user.disabledReason ?? null;
  }
}
