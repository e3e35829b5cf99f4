import { Args, ID, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Permissions } from '../access/access.decorators.js';
import { UserConnection } from '../users/user-connection.model.js';
import { UserListArgs } from '../users/user-list.args.js';
import { UserList } from '../users/user-list.service.js';
import type { User } from '../users/user.entity.js';
import { UserModel } from '../users/user.model.js';
import { UsersService } from '../users/users.service.js';
import { AccountAdministration } from './account-administration.service.js';
import type { Authority } from './authority.js';
import { CurrentAuthority } from './current-authority.decorator.js';
import { RECENT_SIGN_IN } from './recent-sign-in.js';
import { REVISION } from './revision.argument.js';
import { CreateUserInput, UpdateUserInput } from './user.inputs.js';
import { UserCreation } from './user-creation.service.js';

/** Accounts, for those who administer them. */
@Resolver()
export class UsersAdminResolver {
  constructor(
    private readonly list: UserList,
    private readonly accounts: UsersService,
    private readonly creation: UserCreation,
    private readonly administration: AccountAdministration,
  ) {}

  @Query(() => UserConnection, { description: 'The accounts, a page at a time.' })
  @Permissions('users:read')
  users(@Args() args: UserListArgs): Promise<UserConnection> {
    return this.list.page(args);
  }

  @Query(() => UserModel, { nullable: true, description: 'One account. Null when there is none of this id.' })
  @Permissions('users:read')
  user(@Args('id', { type: () => ID, description: 'The id of the account.' }) id: string): Promise<User | null> {
    return this.accounts.byId(id);
  }

  @Mutation(() => UserModel, {
    description: `Makes an account. Nobody is signed in by it. With roles other than \`user\`, a password or a confirmed address, and always where sign-up is closed, it ${RECENT_SIGN_IN}.`,
  })
  @Permissions('users:write')
  createUser(
    @Args('input', { description: 'The new account.' }) input: CreateUserInput,
    @CurrentAuthority() authority: Authority,
  ): Promise<User> {
    return this.creation.create(input, authority);
  }

  @Mutation(() => UserModel, {
    description: `Changes an account. The address and its confirmation cannot be those of your own account. With either, it ${RECENT_SIGN_IN}.`,
  })
  @Permissions('users:write')
  updateUser(
    @Args('input', { description: 'What to change.' }) { id, ...update }: UpdateUserInput,
    @Args('revision', REVISION) revision: string | null | undefined,
    @CurrentAuthority() authority: Authority,
  ): Promise<User> {
    return this.administration.update({ id }, update, authority, revision);
  }

  @Mutation(() => UserModel, {
    description: `Replaces the roles of an account. It counts on its next request. It ${RECENT_SIGN_IN}.`,
  })
  @Permissions('roles:assign')
  setUserRoles(
    @Args('userId', { type: () => ID, description: 'The account.' }) id: string,
    @Args('roles', { type: () => [String], description: 'The names of all roles that it is to hold.' }) roles: string[],
    @Args('revision', REVISION) revision: string | null | undefined,
    @CurrentAuthority() authority: Authority,
  ): Promise<User> {
    return this.administration.setRoles({ id }, roles, authority, revision);
  }

  @Mutation(() => UserModel, {
    description: 'Ends every session of an account, not your own, and refuses every sign-in.',
  })
  @Permissions('users:write')
  disableUser(
    @Args('id', { type: () => ID, description: 'The account.' }) id: string,
    @Args('reason', {
      type: () => String,
      nullable: true,
      description: 'For other administrators, on one line. At most 500 characters.',
    })
    reason: string | null | undefined,
    @CurrentAuthority() authority: Authority,
  ): Promise<User> {
    return this.administration.disable({ id }, reason ?? null, authority);
  }

  @Mutation(() => UserModel, { description: `Lets a disabled account sign in again. It ${RECENT_SIGN_IN}.` })
  @Permissions('users:write')
  enableUser(
    @Args('id', { type: () => ID, description: 'The account.' }) id: string,
    @CurrentAuthority() authority: Authority,
  ): Promise<User> {
    return this.administration.enable({ id }, authority);
  }

  @Mutation(() => Boolean, {
    description: `Deletes an account for ever, with all that is in it; not your own. Its owner is told. It ${RECENT_SIGN_IN}.`,
  })
  @Permissions('users:delete')
  async deleteUser(
    @Args('id', { type: () => ID, description: 'The account.' }) id: string,
    @CurrentAuthority() authority: Authority,
  ): Promise<boolean> {
    await this.administration.delete({ id }, authority);
    return true;
  }

  @Mutation(() => Int, {
    description: 'Ends every session of an account, not your own, and tells how many there were.',
  })
  @Permissions('sessions:revoke')
  revokeUserSessions(
    @Args('userId', { type: () => ID, description: 'The account.' }) id: string,
    @CurrentAuthority() authority: Authority,
  ): Promise<number> {
    return this.administration.revokeSessions({ id }, authority);
  }
}
