import { Args, Context, Info, Mutation, Resolver } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { Public } from '../access/access.decorators.js';
import { clientOf, type GraphQLContext } from '../access/request.js';
import { AuthPayload, EmailVerificationRequired, LoginResult } from '../auth/auth-payload.model.js';
import { AuthResponder } from '../auth/auth-responder.js';
import { EmailPipe } from '../users/email.pipe.js';
import type { User } from '../users/user.entity.js';
import { UserModel } from '../users/user.model.js';
import { EmailChange } from './email-change.service.js';
import { EmailRevert } from './email-revert.service.js';
import { EmailVerification } from './email-verification.service.js';
import { MagicLinkInput, ResetPasswordInput } from './lifecycle.inputs.js';
import { LinkRequests } from './link-requests.service.js';
import { MagicLink } from './magic-link.service.js';
import { PasswordReset } from './password-reset.service.js';

const EMAIL = { description: 'The address of the account, in any letter case.' };
const TOKEN = { description: 'What follows `#token=` in the link of the mail.' };
const passwordOr = (others: string) => ({
  type: () => String,
  nullable: true,
  description: `The password of the account. Absent ${others}.`,
});
const whoHasTheAccount = (ways: string): string =>
  `It takes the one who has the account: ${ways}. Without any, \`REAUTHENTICATION_REQUIRED\`, and the link still works: ask for ` +
  'the password then, or offer a new one by `requestPasswordReset`.';
const OF_NEW_ACCOUNT = whoHasTheAccount(
  'a session of it in the same request, the cookie of its sign-up, or the password',
);
const OF_ACCOUNT = whoHasTheAccount('a session of it in the same request, or the password');

/** What is done by a link in a mail, and asking for one. All public: whoever has the link need not be signed in. */
@Resolver()
export class RecoveryResolver {
  constructor(
    private readonly requests: LinkRequests,
    private readonly verification: EmailVerification,
    private readonly resets: PasswordReset,
    private readonly changes: EmailChange,
    private readonly reverts: EmailRevert,
    private readonly magicLinks: MagicLink,
    private readonly responder: AuthResponder,
  ) {}

  @Mutation(() => Boolean, { description: 'Sends a link to confirm the address. Always true, whoever has an account.' })
  @Public()
  requestEmailVerification(
    @Args('email', EMAIL, EmailPipe) email: string,
    @Context() { req }: GraphQLContext,
  ): Promise<boolean> {
    return this.requests.request('verify-email', email, clientOf(req));
  }

  @Mutation(() => UserModel, {
    description: `Confirms the address of an account by the link that was sent there. ${OF_NEW_ACCOUNT}`,
  })
  @Public()
  verifyEmail(
    @Args('token', TOKEN) token: string,
    @Args('password', passwordOr('in a session of it, or in the browser in which it was made')) password: string | null,
    @Context() { req }: GraphQLContext,
  ): Promise<User> {
    return this.verification.verify(token, password, req);
  }

  @Mutation(() => Boolean, {
    description: 'Sends a link to choose a new password. Always true, whoever has an account.',
  })
  @Public()
  requestPasswordReset(
    @Args('email', EMAIL, EmailPipe) email: string,
    @Context() { req }: GraphQLContext,
  ): Promise<boolean> {
    return this.requests.request('reset-password', email, clientOf(req));
  }

  @Mutation(() => Boolean, {
    description: 'Sets a new password by a link, and ends every session. Sign in afterwards.',
  })
  @Public()
  resetPassword(
    @Args('input', { description: 'The link and the new password.' }) input: ResetPasswordInput,
    @Context() { req }: GraphQLContext,
  ): Promise<boolean> {
    return this.resets.reset(input, clientOf(req));
  }

  @Mutation(() => UserModel, {
    description:
      `Gives the account its new address, by the link that was sent there. ${OF_ACCOUNT} ` +
      'The old address is told, if it was confirmed.',
  })
  @Public()
  confirmEmailChange(
    @Args('token', TOKEN) token: string,
    @Args('password', passwordOr('in a session of it')) password: string | null,
    @Context() { req }: GraphQLContext,
  ): Promise<User> {
    return this.changes.confirm(token, password, req);
  }

  @Mutation(() => Boolean, {
    description:
      'Gives the account its old address back, by the link that was sent there, and ends every session and the password. ' +
      'A link to choose another one is sent there.',
  })
  @Public()
  revertEmailChange(@Args('token', TOKEN) token: string, @Context() { req }: GraphQLContext): Promise<boolean> {
    return this.reverts.revert(token, clientOf(req));
  }

  @Mutation(() => Boolean, { description: 'Sends a link to sign in with. Always true, whoever has an account.' })
  @Public()
  requestMagicLink(
    @Args('email', EMAIL, EmailPipe) email: string,
    @Context() { req }: GraphQLContext,
  ): Promise<boolean> {
    return this.requests.request('magic-link', email, clientOf(req));
  }

  @Mutation(() => LoginResult, {
    description:
      'Signs in by a link. It confirms the address too: if nobody had done so before, former sessions, links and the password end.',
  })
  @Public()
  async loginWithMagicLink(
    @Args('input', { description: 'The link.' }) input: MagicLinkInput,
    @Context() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AuthPayload | EmailVerificationRequired> {
    const signedIn = await this.magicLinks.login(input.token, context.req);
    return this.responder.answer(signedIn, { transport: input.transport, context, info });
  }
}
