import { Args, Context, Info, Mutation, Resolver } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { Public } from '../access/access.decorators.js';
import { clientOf, type GraphQLContext } from '../access/request.js';
import { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';
import { refreshRefused } from '../sessions/session.errors.js';
import { AuthCookies } from './auth-cookies.js';
import { AuthPayload, EmailVerificationRequired, LoginResult, SignupResult } from './auth-payload.model.js';
import { AuthResponder } from './auth-responder.js';
import { LoginInput, LogoutInput, RefreshInput, SignupInput } from './auth.inputs.js';
import { KnownDevices } from './known-devices.js';
import { LoginService } from './login.service.js';
import { LogoutService } from './logout.service.js';
import { RefreshService } from './refresh.service.js';
import { RequestCredentials } from './request-credentials.js';
import { withFormerSignups } from './signup-cookie.js';
import { SignupService } from './signup.service.js';
import { TokenTransport } from './token-transport.js';

/** Sign-up, login, refresh and logout. All public: none of them may be blocked by the very token it replaces. */
@Resolver()
export class AuthResolver {
  constructor(
    private readonly signups: SignupService,
    private readonly logins: LoginService,
    private readonly refreshes: RefreshService,
    private readonly logouts: LogoutService,
    private readonly credentials: RequestCredentials,
    private readonly devices: KnownDevices,
    private readonly responder: AuthResponder,
    private readonly cookies: AuthCookies,
  ) {}

  @Mutation(() => SignupResult, {
    description:
      'Makes an account and signs in. `EmailVerificationRequired` says that a mail is on its way: show "check your mail".',
  })
  @Public()
  async signup(
    @Args('input', { description: 'The new account.' }) input: SignupInput,
    @Context() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AuthPayload | EmailVerificationRequired> {
    const { outcome, signupCookie } = await this.signups.signup(input, clientOf(context.req));
    if (signupCookie !== undefined) {
      this.cookies.setSignup(context.res, withFormerSignups(signupCookie, this.credentials.signupCookie(context.req)));
    }
    return this.responder.answer(outcome, { transport: input.transport, context, info });
  }

  @Mutation(() => LoginResult, {
    description:
      'Signs in with e-mail and password. Where addresses have to be confirmed first, a right password for one that is not ' +
      'has the error of a wrong one, and another link is sent there.',
  })
  @Public()
  async login(
    @Args('input', { description: 'The credentials.' }) input: LoginInput,
    @Context() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AuthPayload | EmailVerificationRequired> {
    const deviceId = await this.devices.recognise(context.req, input.email, input.refreshToken);
    const outcome = await this.logins.login(input, clientOf(context.req), deviceId);
    return this.responder.answer(outcome, { transport: input.transport, context, info });
  }

  @Mutation(() => AuthPayload, {
    description:
      'Exchanges a refresh token for a new pair. The old one answers the same pair for a short grace period.',
  })
  @Public()
  async refresh(
    @Args('input', { type: () => RefreshInput, nullable: true, description: 'Absent: the cookie is used.' })
    input: RefreshInput | null,
    @Context() context: GraphQLContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<AuthPayload> {
    const presented = this.credentials.refreshToken(context.req, input?.refreshToken);
    if (!presented) {
      this.responder.clearTwins(context);
      throw refreshRefused('missing');
    }
    try {
      const signedIn = await this.refreshes.refresh(presented.token, clientOf(context.req));
      return this.responder.payload(signedIn, { transport: presented.transport, context, info });
    } catch (error) {
      const isRefused = error instanceof AppError && error.code === ErrorCode.UNAUTHENTICATED;
      if (isRefused && presented.transport === TokenTransport.COOKIE) this.cookies.clear(context.res);
      throw error;
    }
  }

  @Mutation(() => Boolean, { description: 'Ends the session and clears the cookies. Always true, also without one.' })
  @Public()
  async logout(
    @Args('input', { type: () => LogoutInput, nullable: true, description: 'Absent: the current session ends.' })
    input: LogoutInput | null,
    @Context() context: GraphQLContext,
  ): Promise<boolean> {
    const { req, res } = context;
    this.cookies.clear(res);
    this.responder.clearTwins(context);
    const tokens = this.credentials.anyTokens(req, input?.refreshToken);
    await this.logouts.logout(tokens, input?.everywhere ?? false, clientOf(req));
    return true;
  }
}
