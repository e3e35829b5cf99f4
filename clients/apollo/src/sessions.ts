import type { Keeper } from './keeper.js';
import { cookieSession, type CurrentUser, type Session, type SignedIn, type SignedOutReason } from './session.js';
import { type News, Tabs } from './tabs.js';

/** How long a new tab waits for another one to say that somebody is signed in. Milliseconds. */
const ANSWER_MS = 200;

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
  /** Somebody else is signed in now, or nobody (null) for this reason. Called before anybody is told. */
  onOtherUser(userId: string | null, reason: SignedOutReason): void;
  onSignedOut(reason: SignedOutReason): void;
}

/** Why there is another session, or none. */
interface Cause {
  readonly reason?: SignedOutReason;
  readonly isSignIn?: boolean;
}

/** Who is signed in: what this tab knows, keeps, hears from the other tabs and tells them. */
export class Sessions {
  current: MaybeSession;
  /** Counts how often another user, or nobody, took the place of the one before. What is of an earlier era is for nobody. */
  era = 0;
  /** The user that was announced last. Undefined until it is certain whether there is one. */
  user: CurrentUser | null | undefined;
  /** Why the last session ended, until another one begins. */
  endedBy: SignedOutReason | undefined;
  readonly listeners = new Set<(user: CurrentUser | null) => void>();
  readonly tabs: Tabs | undefined;

  private readonly changeAwaited = new Set<() => void>();
  private loading: Promise<void> | undefined;

  constructor(private readonly options: SessionsOptions) {
    this.tabs = options.channel === undefined ? undefined : new Tabs(options.channel, (news) => this.hear(news));
  }

  /** Begins a session, or goes on with it by tokens that are not of a sign-in: in this tab and in all others. */
  async begin(signedIn: SignedIn, isSignIn: boolean): Promise<void> {
    this.set(signedIn.session, signedIn.user, { isSignIn });
    this.tabs?.tell({ kind: 'session', isSignIn, ...signedIn });
    await this.options.keeper.write(signedIn.session);
  }

  /** Ends the session, in this tab and in all others. */
  async end(reason: SignedOutReason): Promise<void> {
    if (this.isOtherUser(null, { reason })) this.tabs?.tell({ kind: 'end', sessionId: this.current?.id, reason });
    const ended = this.current;
    this.set(null, null, { reason });
    await this.options.keeper.forget(ended);
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

  /** The tokens of this session were found, and not made here. */
  adopt(session: Session): void {
    this.set(session, session.userId === this.current?.userId ? this.user : undefined);
  }

  loaded(): Promise<void> {
    return (this.loading ??= this.load());
  }

  /** Resolves when another session takes the place of this one, or none. */
  change(): Promise<void> {
    return new Promise((resolve) => this.changeAwaited.add(resolve));
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

  private hear(news: News): void {
    const { current, user } = this;
    if (news.kind === 'question') {
      if (current?.accessToken && user) this.tabs?.tell({ kind: 'session', isSignIn: false, session: current, user });
    } else if (news.kind === 'session') {
      const isKnown = current?.accessToken && current.accessToken === news.session.accessToken;
      if (!isKnown) this.set(news.session, news.user, news);
    } else if (!news.sessionId || !current?.id || news.sessionId === current.id) this.set(null, null, news);
  }

  /** `user` is undefined where the tokens of somebody were found, and not yet who that is. */
  private set(session: Session | null, user: CurrentUser | null | undefined, cause: Cause = {}): void {
    const { reason = 'LOGGED_OUT' } = cause;
    const hasEnded = this.current && !session;
    const isOtherUser = this.isOtherUser(session, cause);
    this.current = session;
    if (hasEnded) this.endedBy = reason;
    else if (session) this.endedBy = undefined;
    for (const resolve of this.changeAwaited) resolve();
    this.changeAwaited.clear();
    if (isOtherUser) {
      this.era += 1;
      this.options.onOtherUser(session?.userId ?? null, reason);
    }
    this.announce(user);
    if (hasEnded) this.options.onSignedOut(reason);
  }

  /** Whether what was answered before may be of another user. `user` does not tell: data can be asked for before it is known. */
  private isOtherUser(session: Session | null, { reason, isSignIn }: Cause): boolean {
    if (this.current !== undefined) return this.current?.userId !== session?.userId;
    // With BODY nothing is asked before there are tokens, or none. With COOKIE the browser may have had those of anybody, unless
    // the server found none.
    return this.options.withCookies && (session ? isSignIn === true : reason !== 'TOKEN_MISSING');
  }

  private announce(user: CurrentUser | null | undefined): void {
    // The same object as long as nothing has changed, for whoever compares.
    if (JSON.stringify(user) === JSON.stringify(this.user)) return;
    this.user = user;
    for (const listener of this.listeners) listener(user ?? null);
  }
}
