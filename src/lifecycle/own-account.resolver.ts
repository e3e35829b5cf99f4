import { Args, Context, Mutation, Resolver } from '@nestjs/graphql';
import { Authenticated } from '../access/access.decorators.js';
import { CurrentPrincipal } from '../access/current-principal.decorator.js';
import type { Principal } from '../access/principal.js';
import { clientOf, type GraphQLContext } from '../access/request.js';
import { AuthCookies } from '../auth/auth-cookies.js';
import { KnownDevices } from '../auth/known-devices.js';
import type { User } from '../users/user.entity.js';
import { UserModel } from '../users/user.model.js';
import { AccountDeletion } from './account-deletion.service.js';
import { EmailChange } from './email-change.service.js';
import { ChangePasswordInput, OR_EMPTY, RequestEmailChangeInput, UpdateProfileInput } from './lifecycle.inputs.js';
import { PasswordChange } from './password-change.service.js';
import { Profile } from './profile.service.js';

/** What users do to their own accounts. */
@Resolver()
export class OwnAccountResolver {
  constructor(
    private readonly profile: Profile,
    private readonly passwords: PasswordChange,
    private readonly emails: EmailChange,
    private readonly deletion: AccountDeletion,
    private readonly cookies: AuthCookies,
    private readonly devices: KnownDevices,
  ) {}

  @Mutation(() => UserModel, { description: 'Changes the profile of the signed-in user.' })
  @Authenticated()
  updateProfile(
    @Args('input', { description: 'What to change.' }) input: UpdateProfileInput,
    @CurrentPrincipal() principal: Principal,
    @Context() { req }: GraphQLContext,
  ): Promise<User> {
    return this.profile.update(principal, input, clientOf(req));
  }

  @Mutation(() => Boolean, { description: 'Changes the password, and ends every other session. The user is told.' })
  @Authenticated()
  async changePassword(
    @Args('input', { description: 'The present and the new password.' }) input: ChangePasswordInput,
    @CurrentPrincipal() principal: Principal,
    @Context() { req, res }: GraphQLContext,
  ): Promise<boolean> {
    const user = await this.passwords.change(principal, input, clientOf(req));
    // All other devices are new to the account from now on.
    this.devices.remember(req, res, user);
    return true;
  }

  @Mutation(() => Boolean, {
    description: 'Sends a link to the new address, which confirms it. True also when another account has that address.',
  })
  @Authenticated()
  requestEmailChange(
    @Args('input', { description: 'The new address and the password.' }) input: RequestEmailChangeInput,
    @CurrentPrincipal() principal: Principal,
    @Context() { req }: GraphQLContext,
  ): Promise<boolean> {
    return this.emails.request(principal, input, clientOf(req));
  }

  @Mutation(() => Boolean, {
    description: 'Deletes the account of the signed-in user for ever, with all that is in it.',
  })
  @Authenticated()
  async deleteAccount(
    @Args('password', { description: `The password of the account. ${OR_EMPTY}` }) password: string,
    @CurrentPrincipal() principal: Principal,
    @Context() { req, res }: GraphQLContext,
  ): Promise<boolean> {
    await this.deletion.deleteOwn(principal, password, clientOf(req));
    this.cookies.clear(res);
    return true;
  }
}
