import { type ApolloClient, ApolloLink, type TypedDocumentNode } from '@apollo/client';
import { exchange, ownClient } from './api.js';
import { attachToken, authLink } from './auth-link.js';
import { noAnswer } from './failure.js';
import { Keeper } from './keeper.js';
import * as documents from './operations.generated.js';
import { type LatchkeyOptions, PAGE } from './options.js';
import { Rotation } from './rotation.js';
import { type CurrentUser, signedInBy, type SignedOutReason } from './session.js';
import { type Clock, Sessions } from './sessions.js';

/** What `signup` and `login` lead to, as in the schema but for the tokens. Handle both. */
export type SignInResult =
  | { readonly __typename: 'AuthPayload'; readonly user: CurrentUser }
  | { readonly __typename: 'EmailVerificationRequired'; readonly email: string };

/** An input without the way that tokens take, which is settled by the options. */
export type WithoutTransport<T> = Omit<T, 'transport'>;

/**
 * Keeps a frontend signed in to Latchkey.
 *
 * Errors of all methods are those of Apollo Client; `failureOf` says what they mean.
 */
export class Latchkey {
  /**
   * Put it before the link that sends: `latchkey.link.concat(new HttpLink({ uri }))`. With `BODY` it sends the token of the
   * session along, to wherever that link leads. It replaces the token when it is about to expire or is refused.
   */
  readonly link: ApolloLink;

  private readonly sessions: Sessions;
  private readonly rotation: Rotation;
  private readonly client: ApolloClient;
  private readonly clock: Clock;
  private readonly transport: documents.TokenTransport;
  /** The clients whose caches hold what one user may see. */
  private readonly clients = new Set<ApolloClient>();

  constructor(options: LatchkeyOptions, surroundings = PAGE) {
    const { uri, transport = 'BODY', storage, user, fetch } = options;
    const withCookies = transport === 'COOKIE';
    const name = `latchkey ${transport} ${uri}`;
    this.transport = transport;
    this.clock = surroundings.clock;
    const { clock } = this;
    const keeper = new Keeper(withCookies ? undefined : storage, name);
    this.sessions = new Sessions({
      keeper,
      clock,
      channel: surroundings.hasTabs ? name : undefined,
      withCookies,
      onOtherUser: (userId, reason) => this.forgetOthersData(userId, reason),
      onSignedOut: (reason) => options.onSignedOut?.(reason),
    });
    if (user !== undefined) this.sessions.assume(user);
    this.rotation = new Rotation(this.sessions, {
      keeper,
      clock,
      mayRefresh: surroundings.mayRefresh,
      exchange: (refreshToken) => exchange(this.client, clock, refreshToken),
    });
    const attach = withCookies ? surroundings.attachCookies : attachToken;
    const auth = authLink(this.rotation, attach);
    this.client = ownClient({ uri, fetch, auth, attach });
    this.link = ApolloLink.from([new ApolloLink((operation, forward) => this.remember(operation, forward)), auth]);
  }

  /** The user, undefined until it is known whether there is one, null when nobody is signed in. The same object until it changes. */
  get user(): CurrentUser | null | undefined {
    return this.sessions.user;
  }

  /** Why nobody is signed in any more. Undefined while somebody is, and when nobody was. */
  get signedOutReason(): SignedOutReason | undefined {
    return this.sessions.endedBy;
  }

  /** Makes an account, and signs in unless the address has to be confirmed first. */
  signup(input: WithoutTransport<documents.SignupInput>): Promise<SignInResult> {
    return this.signIn(documents.LatchkeySignupDocument, input, ({ signup }) => signup);
  }

  login(input: WithoutTransport<documents.LoginInput>): Promise<SignInResult> {
    return this.signIn(documents.LatchkeyLoginDocument, input, ({ login }) => login);
  }

  /** Signs in with the token of a link that `requestMagicLink` has sent. */
  loginWithMagicLink(input: WithoutTransport<documents.MagicLinkInput>): Promise<SignInResult> {
    const result = (data: documents.LatchkeyLoginWithMagicLinkMutation) => data.loginWithMagicLink;
    return this.signIn(documents.LatchkeyLoginWithMagicLinkDocument, input, result);
  }

  /** Ends the session, in all tabs. Rejects, and nothing has changed, when the server does not answer. */
  async logout({ everywhere = false } = {}): Promise<void> {
    await this.sessions.loaded();
    const { era } = this.sessions;
    await this.rotation.whileNothingIsReplaced(async () => {
      const { current } = this.sessions;
      // Another user has signed in while this waited, or the session has ended by itself.
      if (this.sessions.era !== era) return;
      if (this.transport === 'COOKIE' || current) {
        const input = { refreshToken: current?.refreshToken ?? null, everywhere };
        const { data } = await this.client.mutate({ mutation: documents.LatchkeyLogoutDocument, variables: { input } });
        if (data?.logout !== true) throw noAnswer();
      }
      await this.sessions.end('LOGGED_OUT');
    });
  }

  /**
   * Who is signed in. Asks the server the first time, or always with `fresh`. Rejects when it can not be reached, which is
   * not to say that nobody is.
   */
  async currentUser({ fresh = false } = {}): Promise<CurrentUser | null> {
    if (this.user !== undefined && !fresh) return this.user;
    await this.sessions.loaded();
    const asked = this.sessions.current;
    if (asked === null && this.transport === 'BODY') return null;
    try {
      const { data } = await this.client.query({ query: documents.LatchkeyMeDocument });
      const { me }: Partial<documents.LatchkeyMeQuery> = data ?? {};
      if (!me?.id) throw noAnswer();
      this.sessions.learn(me, asked);
    } catch (error) {
      const { current } = this.sessions;
      if (current && current.userId !== asked?.userId) return this.currentUser();
      // The link has ended the session, for the reason that the server gave.
      if (current !== null) throw error;
    }
    return this.user ?? null;
  }

  /** Calls the listener with the user, or null, whenever that changes. Returns a function that stops it. */
  readonly onChange = (listener: (user: CurrentUser | null) => void): (() => void) => {
    this.sessions.listeners.add(listener);
    return () => this.sessions.listeners.delete(listener);
  };

  /** For requests that are not GraphQL. Null when nobody is signed in, and always with `COOKIE`. */
  async accessToken(): Promise<string | null> {
    return (await this.rotation.ready())?.accessToken ?? null;
  }

  /** Stops listening to other tabs. A page never needs it; a test does. */
  close(): void {
    this.sessions.close();
  }

  private async signIn<Data, Input>(
    mutation: TypedDocumentNode<Data, { input: Input }>,
    input: WithoutTransport<Input>,
    resultIn: (data: Data) => documents.SignedInFragment | Extract<SignInResult, { email: string }> | null | undefined,
  ): Promise<SignInResult> {
    const variables = { input: { ...input, transport: this.transport } as Input };
    return this.rotation.whileNothingIsReplaced(async () => {
      const sentAt = this.clock.now();
      const { data } = await this.client.mutate({ mutation, variables });
      const result = data ? resultIn(data) : undefined;
      if (result?.__typename === 'EmailVerificationRequired') {
        if (!result.email) throw noAnswer();
        return result;
      }
      const signedIn = signedInBy(result, sentAt);
      await this.sessions.begin(signedIn, true);
      return { __typename: 'AuthPayload', user: signedIn.user };
    });
  }

  private remember(
    operation: ApolloLink.Operation,
    forward: ApolloLink.ForwardFunction,
  ): ReturnType<ApolloLink.ForwardFunction> {
    this.clients.add(operation.client);
    return forward(operation);
  }

  /** What one user may see is not for the next one. Queries that are on the screen are asked again for the new user. */
  private forgetOthersData(userId: string | null, reason: SignedOutReason): void {
    for (const client of this.clients) {
      // At once, because the clients take a moment: whoever is told of the change finds nothing any more.
      client.cache.restore({});
      if (userId) void client.resetStore().catch(() => undefined);
      else if (reason === 'LOGGED_OUT') void client.clearStore().catch(() => undefined);
      // What is under way is refused as well, and says why: it must not be abandoned, as the others do.
      else void client.cache.reset({ discardWatches: true }).catch(() => undefined);
    }
  }
}
