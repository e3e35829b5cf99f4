import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { type Refusal, refusalIn } from './failure.js';
import type { Keeper } from './keeper.js';
import { cookieSession, type CurrentUser, type Session, type SignedIn, type SignedOutReason } from './session.js';
import { type News, Tabs } from './tabs.js';

/** A token is replaced this long before it expires: a request takes its time. Milliseconds, like all of these. */
const MARGIN_MS = 10_000;
/** How long a new tab waits for another one to say that somebody is signed in. */
const ANSWER_MS = 200;
/** How long a tab keeps its turn after a refresh, so that the news is everywhere before another tab gets a turn. */
const NEWS_TRAVELS_MS = 250;
/** How long after a refresh without an answer it is repeated; each time after twice as long. */
const REPEAT_MS = 2_000;
/** REFRESH_GRACE_SECONDS of the server: for so long it repeats an answer that was lost. */
const GRACE_MS = 60_000;

/** Undefined: not known yet. Null: nobody is signed in. */
export type MaybeSession = Session | null | undefined;

export interface Clock {
  now(): number;
  wait(milliseconds: number): Promise<void>;
}

export interface SessionsOptions {
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** What the tabs of one frontend have in common. Undefined: there are no tabs. */
  readonly channel: string | undefined;
  readonly withCookies: boolean;
  /** Whether this program may use a refresh token up. Where its successor would be lost, it must not. */
  readonly mayRefresh: boolean;
  /** Exchanges the refresh token, or the cookie. */
  exchange(refreshToken: string | null): Promise<SignedIn>;
  /** Somebody else is signed in now, or nobody (null) for this reason. */
  onOtherUser(userId: string | null, reason: SignedOutReason): void;
  onSignedOut(reason: SignedOutReason): void;
}

/**
 * Who is signed in, in this tab and in the others, and the only place that replaces tokens.
 *
 * A session ends when the server says so, or somebody logs out. A server that can not be reached says nothing: the
 * session is kept, and the operation fails with what went wrong.
 */
export class Sessions {
  current: MaybeSession;
  /** The user that was announced last. Undefined until it is certain whether there is one. */
  user: CurrentUser | null | undefined;
  /** Why the last session ended, until another one begins. */
  endedBy: SignedOutReason | undefined;
  readonly listeners = new Set<(user: CurrentUser | null) => void>();

  private readonly tabs: Tabs | undefined;
  private readonly changeAwaited = new Set<() => void>();
  private loading: Promise<void> | undefined;
  private replacing: Promise<MaybeSession> | undefined;
  private isRepeating = false;

  constructor(private readonly options: SessionsOptions) {
    this.tabs = options.channel === undefined ? undefined : new Tabs(options.channel, (news) => this.hear(news));
  }

  /** What to send an operation with. Replaced first if it is about to expire. */
  async ready(): Promise<MaybeSession> {
    await this.loaded();
    const session = this.current;
    const left = session ? session.expiresAt - this.options.clock.now() : Infinity;
    if (left > MARGIN_MS || !this.options.mayRefresh) return session;
    try {
      return await this.replace(session);
    } catch (error) {
      if (left <= 0) throw error;
      return session;
    }
  }

  /** After a refusal: the session to send the operation with once more, or none to leave it at that. */
  async afterRefusal(used: MaybeSession, { action, reason }: Refusal): Promise<MaybeSession> {
    if (this.current !== used) return this.current;
    if (action === 'REFRESH') return this.options.mayRefresh ? this.replace(used) : null;
    await this.end(reason);
    return null;
  }

  /** Begins, or goes on with, a session: in this tab and in all others. */
  async begin(signedIn: SignedIn): Promise<void> {
    this.set(signedIn.session, signedIn.user);
    this.tabs?.tell({ kind: 'session', ...signedIn });
    await this.options.keeper.write(signedIn.session);
  }

  /** Ends the session, in this tab and in all others. */
  async end(reason: SignedOutReason): Promise<void> {
    if (this.current) this.tabs?.tell({ kind: 'end', sessionId: this.current.id, reason });
    this.set(null, null, reason);
    await this.options.keeper.forget();
  }

  /** The server has said who is signed in, to somebody who asked when the session was `asked`. */
  learn(user: CurrentUser, asked: MaybeSession): void {
    if (this.current?.userId === user.id) this.announce(user);
    else if (this.current === asked && this.options.withCookies) this.set(cookieSession(user.id), user);
  }

  /** Somebody who had the same cookies has asked the server already. */
  assume(user: CurrentUser | null): void {
    this.current = user && cookieSession(user.id);
    this.user = user;
  }

  loaded(): Promise<void> {
    return (this.loading ??= this.load());
  }

  close(): void {
    this.tabs?.close();
  }

  private async load(): Promise<void> {
    if (this.options.withCookies || this.isKnown()) return;
    const kept = await this.options.keeper.read();
    // Not announced: it may have ended long ago.
    if (kept && !this.isKnown()) this.current = kept;
    if (!this.isKnown()) await this.askTabs();
    if (!this.isKnown()) this.set(null, null);
  }

  private isKnown(): boolean {
    return this.current !== undefined;
  }

  private async askTabs(): Promise<void> {
    if (!this.tabs?.canHear) return;
    this.tabs.tell({ kind: 'question' });
    await Promise.race([this.change(), this.options.clock.wait(ANSWER_MS)]);
  }

  /** Resolves to another session than `stale`, or to null if that one has ended. Rejects if nobody could say. */
  private replace(stale: MaybeSession): Promise<MaybeSession> {
    return (this.replacing ??= this.replaceInTurn(stale).finally(() => (this.replacing = undefined)));
  }

  private async replaceInTurn(stale: MaybeSession): Promise<MaybeSession> {
    const task = () => this.exchangeUnlessDone(stale);
    await Promise.race([this.change(), this.tabs ? this.tabs.inTurn(task) : task()]);
    return this.current;
  }

  private async exchangeUnlessDone(stale: MaybeSession): Promise<void> {
    // A tab that was asleep may have missed the news.
    const kept = await this.options.keeper.read();
    if (kept && stale && this.current === stale && kept.expiresAt > stale.expiresAt) {
      this.set(kept, kept.userId === stale.userId ? this.user : undefined);
    }
    if (this.current !== stale) return;
    await this.exchange(stale);
    if (this.current && this.tabs) await this.options.clock.wait(NEWS_TRAVELS_MS);
  }

  private async exchange(stale: MaybeSession): Promise<void> {
    try {
      const signedIn = await this.options.exchange(stale?.refreshToken ?? null);
      // Whoever logged out meanwhile stays logged out.
      if (this.current === stale) await this.begin(signedIn);
    } catch (error) {
      if (!CombinedGraphQLErrors.is(error)) void this.repeat(stale);
      const refusal = CombinedGraphQLErrors.is(error) ? refusalIn(error.errors) : null;
      if (!refusal) throw error;
      if (this.current === stale) await this.end(refusal.reason);
    }
  }

  /** Without an answer the token may be used up. The server repeats its answer, but not for long (RFC 9700 section 4.14.2). */
  private async repeat(stale: MaybeSession): Promise<void> {
    if (this.isRepeating) return;
    this.isRepeating = true;
    for (let pause = REPEAT_MS; pause < GRACE_MS && this.current === stale; pause *= 2) {
      await this.options.clock.wait(pause);
      if (this.current === stale) await this.replace(stale).catch(() => undefined);
    }
    this.isRepeating = false;
  }

  private hear(news: News): void {
    const { current, user } = this;
    if (news.kind === 'question') {
      if (current?.accessToken && user) this.tabs?.tell({ kind: 'session', session: current, user });
    } else if (news.kind === 'session') {
      const isKnown = current?.accessToken && current.accessToken === news.session.accessToken;
      if (!isKnown) this.set(news.session, news.user);
    } else if (!news.sessionId || !current?.id || news.sessionId === current.id) this.set(null, null, news.reason);
  }

  /** `user` is undefined where the tokens of somebody were found, and not yet who that is. */
  private set(
    session: Session | null,
    user: CurrentUser | null | undefined,
    reason: SignedOutReason = 'LOGGED_OUT',
  ): void {
    const hasEnded = this.current && !session;
    this.current = session;
    if (hasEnded) this.endedBy = reason;
    else if (session) this.endedBy = undefined;
    for (const resolve of this.changeAwaited) resolve();
    this.changeAwaited.clear();
    this.announce(user, reason);
    if (hasEnded) this.options.onSignedOut(reason);
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.changeAwaited.add(resolve));
  }

  private announce(user: CurrentUser | null | undefined, reason: SignedOutReason = 'LOGGED_OUT'): void {
    const before = this.user;
    // The same object as long as nothing has changed, for whoever compares.
    if (JSON.stringify(user) === JSON.stringify(before)) return;
    this.user = user;
    if (before !== undefined && before?.id !== user?.id) this.options.onOtherUser(user?.id ?? null, reason);
    for (const listener of this.listeners) listener(user ?? null);
  }
}
