import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { isAnswer, mayBeDone, type Refusal, refusalIn } from './failure.js';
import type { Keeper } from './keeper.js';
import type { SignedIn } from './session.js';
import type { Clock, MaybeSession, Sessions } from './sessions.js';

/** A token is replaced this long before it expires: a request takes its time. Milliseconds, like all of these. */
const MARGIN_MS = 10_000;
/** How long a tab keeps its turn after a change, so that the news is everywhere before another tab gets a turn. */
const NEWS_TRAVELS_MS = 250;
/** A refresh is given up after 10 seconds, twice (`api.ts`). */
const LONGER_THAN_ANY_REFRESH_MS = 25_000;
/** How long after a refresh that may have been done it is repeated; each time after twice as long. */
const REPEAT_MS = 2_000;
/** REFRESH_GRACE_SECONDS of the server: for so long it repeats an answer that was lost. */
const GRACE_MS = 60_000;

export interface RotationOptions {
  readonly keeper: Keeper;
  readonly clock: Clock;
  /** Whether this program may use a refresh token up. Where its successor would be lost, it must not. */
  readonly mayRefresh: boolean;
  /** Exchanges the refresh token, or the cookie. */
  exchange(refreshToken: string | null): Promise<SignedIn>;
}

/**
 * The only place that replaces tokens: in time, once for all who wait, and in one tab at a time.
 *
 * A session ends when the server says so, or somebody logs out. A server that can not be reached says nothing: the
 * session is kept, and the operation fails with what went wrong.
 */
export class Rotation {
  private replacing: Promise<MaybeSession> | undefined;
  /** What this tab has to wait for before its next turn. */
  private lastTurn: Promise<unknown> = Promise.resolve();
  private isRepeating = false;

  constructor(
    readonly sessions: Sessions,
    private readonly options: RotationOptions,
  ) {}

  /** What to send an operation with. Replaced first if it is about to expire. */
  async ready(): Promise<MaybeSession> {
    await this.sessions.loaded();
    const session = this.sessions.current;
    const left = session ? session.expiresAt - this.options.clock.now() : Infinity;
    if (left > MARGIN_MS || !this.options.mayRefresh) return session;
    try {
      return await this.replace(session);
    } catch (error) {
      if (left <= 0) throw error;
      return session;
    }
  }

  /**
   * Signs in or out while no tab does so or replaces a token: an answer that came later would put the former cookies back, or take
   * the new ones away.
   */
  whileNothingIsReplaced<T>(signInOrOut: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const task = async () => {
        const { current } = this.sessions;
        await signInOrOut().then(resolve, reject);
        await this.newsTravels(current);
      };
      this.inTurn(task, LONGER_THAN_ANY_REFRESH_MS).catch(reject);
    });
  }

  /** After a refusal: the session to send the operation with once more, or none to leave it at that. */
  async afterRefusal(used: MaybeSession, { action, reason }: Refusal): Promise<MaybeSession> {
    if (this.sessions.current !== used) return this.sessions.current;
    if (action === 'REFRESH') return this.options.mayRefresh ? this.replace(used) : null;
    await this.sessions.end(reason);
    return null;
  }

  /** Resolves to another session than `stale`, or to null if that one has ended. Rejects if nobody could say. */
  private replace(stale: MaybeSession): Promise<MaybeSession> {
    return (this.replacing ??= this.replaceInTurn(stale).finally(() => (this.replacing = undefined)));
  }

  private async replaceInTurn(stale: MaybeSession): Promise<MaybeSession> {
    const task = () => this.exchangeUnlessDone(stale);
    await Promise.race([this.sessions.change(), this.inTurn(task)]);
    return this.sessions.current;
  }

  private inTurn(task: () => Promise<void>, patience?: number): Promise<void> {
    const { tabs } = this.sessions;
    const turn = this.lastTurn.then(() => (tabs ? tabs.inTurn(task, patience) : task()));
    this.lastTurn = turn.catch(() => undefined);
    return turn;
  }

  private async newsTravels(before: MaybeSession): Promise<void> {
    if (this.sessions.current !== before && this.sessions.tabs) await this.options.clock.wait(NEWS_TRAVELS_MS);
  }

  private async exchangeUnlessDone(stale: MaybeSession): Promise<void> {
    await this.adoptKept(stale);
    if (this.sessions.current !== stale) return;
    await this.exchange(stale);
    await this.newsTravels(stale);
  }

  /** A tab that was asleep, or cannot hear, may have missed the news: that the token was replaced, or another user signed in. */
  private async adoptKept(stale: MaybeSession): Promise<void> {
    const kept = await this.options.keeper.read();
    if (!kept || !stale || this.sessions.current !== stale) return;
    if (kept.id !== stale.id || kept.expiresAt > stale.expiresAt) this.sessions.adopt(kept);
  }

  private async exchange(stale: MaybeSession): Promise<void> {
    try {
      const signedIn = await this.options.exchange(stale?.refreshToken ?? null);
      await this.adoptKept(stale);
      // Who logged out meanwhile stays logged out.
      if (this.sessions.current === stale) await this.sessions.begin(signedIn, false);
    } catch (error) {
      if (mayBeDone(error)) void this.repeat(stale);
      const refusal = CombinedGraphQLErrors.is(error) && isAnswer(error) ? refusalIn(error.errors) : null;
      if (!refusal) throw error;
      if (this.sessions.current === stale) await this.sessions.end(refusal.reason);
    }
  }

  /**
   * The token may be used up: without an answer, and also when a server lost its database while it committed. The server repeats its
   * answer, but not for long (RFC 9700 section 4.14.2).
   */
  private async repeat(stale: MaybeSession): Promise<void> {
    if (this.isRepeating) return;
    this.isRepeating = true;
    for (let pause = REPEAT_MS; pause < GRACE_MS && this.sessions.current === stale; pause *= 2) {
      await this.options.clock.wait(pause);
      if (this.sessions.current === stale) await this.replace(stale).catch(() => undefined);
    }
    this.isRepeating = false;
  }
}
