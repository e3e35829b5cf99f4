import { Args, Context, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import DataLoader from 'dataloader';
import { Permissions } from '../access/access.decorators.js';
import { ADMIN_ROLE, PERMISSIONS, USER_ROLE } from '../access/permissions.js';
import type { GraphQLContext } from '../access/request.js';
import { perRequest } from '../common/per-request.js';
import { HoldsAtMost } from '../paging/list-bound.js';
import { CountsFor } from '../paging/work.js';
import type { Role } from '../roles/role.entity.js';
import { RoleModel } from '../roles/role.model.js';
import { MAX_ADDED_ROLES } from '../roles/role-names.js';
import { roleRevisionOf } from '../roles/role-revision.js';
import { permissionsOfRoles } from '../roles/rights.js';
import { MAX_HOLDERS, RolesService } from '../roles/roles.service.js';
import type { Authority } from './authority.js';
import { CurrentAuthority } from './current-authority.decorator.js';
import { RECENT_SIGN_IN } from './recent-sign-in.js';
import { REVISION } from './revision.argument.js';
import { RoleAdministration } from './role-administration.service.js';
import { RoleInput } from './role.inputs.js';

const BUILT_IN = [ADMIN_ROLE, USER_ROLE];

/** Roles, for those who administer them. */
@Resolver(() => RoleModel)
export class RolesAdminResolver {
  private readonly loaderOf = perRequest(
    () => new DataLoader((names: readonly string[]) => this.roles.countHolders(names), { cache: false }),
  );

  constructor(
    private readonly roles: RolesService,
    private readonly administration: RoleAdministration,
  ) {}

  @HoldsAtMost(BUILT_IN.length + MAX_ADDED_ROLES)
  @Query(() => [RoleModel], { name: 'roles', description: 'Every role, by name.' })
  @Permissions('roles:read')
  list(): Promise<Role[]> {
    return this.administration.list();
  }

  @HoldsAtMost(PERMISSIONS.length)
  @ResolveField(() => [String], { description: 'What the role permits, sorted.' })
  permissions(@Parent() role: Role): string[] {
    return permissionsOfRoles([role]);
  }

  @CountsFor(50)
  @ResolveField(() => Int, {
    description: `How many users hold the role. Counted up to ${MAX_HOLDERS}: then there may be more.`,
  })
  userCount(@Parent() { name }: Role, @Context() { req }: GraphQLContext): Promise<number> {
    return this.loaderOf(req).load(name);
  }

  @ResolveField('revision', () => String, {
    description: 'Changes with every change of the role. Hand it to `updateRole`.',
  })
  revisionOf(@Parent() role: Role): string {
    return roleRevisionOf(role);
  }

  @Mutation(() => RoleModel, { description: 'Makes a role.' })
  @Permissions('roles:write')
  createRole(
    @Args('input', { description: 'The new role.' }) input: RoleInput,
    @CurrentAuthority() authority: Authority,
  ): Promise<Role> {
    return this.administration.create(input, authority);
  }

  @Mutation(() => RoleModel, {
    description: `Replaces what a role permits. It counts on the next request of its holders. It ${RECENT_SIGN_IN}.`,
  })
  @Permissions('roles:write')
  updateRole(
    @Args('input', { description: 'The role of this name, as it is to be.' }) input: RoleInput,
    @Args('revision', REVISION) revision: string | null | undefined,
    @CurrentAuthority() authority: Authority,
  ): Promise<Role> {
    return this.administration.update(input, authority, revision);
  }

  @Mutation(() => Boolean, {
    description: `Deletes a role. One that is held needs a replacement. It ${RECENT_SIGN_IN}.`,
  })
  @Permissions('roles:write')
  async deleteRole(
    @Args('name', { description: 'The role. Neither `admin` nor `user`.' }) name: string,
    @Args('replacement', {
      type: () => String,
      nullable: true,
      description: 'The role that its holders receive instead. Takes the permission `roles:assign`.',
    })
    replacement: string | null | undefined,
    @CurrentAuthority() authority: Authority,
  ): Promise<boolean> {
    await this.administration.delete(name, replacement ?? null, authority);
    return true;
  }
}
