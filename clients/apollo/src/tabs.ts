import type { SignedIn, SignedOutReason } from './session.js';

/** What one tab tells the others. `question`: a new tab asks whether anybody is signed in. */
export type News =
  | { readonly kind: 'question' }
  | ({ readonly kind: 'session'; readonly isSignIn: boolean } & SignedIn)
  | { readonly kind: 'end'; readonly sessionId: string | undefined; readonly reason: SignedOutReason };

/** How long a tab waits for its turn. Then it goes ahead: two refreshes at once are harmless, a hung tab would not be. */
const PATIENCE_MS = 10_000;

/** The tabs of this browser that show the same frontend. Where the browser can not do it, each tab is for itself. */
export class Tabs {
  private readonly channel: BroadcastChannel | undefined;

  constructor(
    private readonly name: string,
    hear: (news: News) => void,
  ) {
    if (typeof BroadcastChannel === 'undefined') return;
    this.channel = new BroadcastChannel(name);
    this.channel.onmessage = ({ data }) => hear(data as News);
    // In Node.js an open channel keeps the process from ending.
    (this.channel as { unref?: () => void }).unref?.();
  }

  get canHear(): boolean {
    return this.channel !== undefined;
  }

  tell(news: News): void {
    this.channel?.postMessage(news);
  }

  /**
   * Runs the task while no other tab is running one.
   *
   * @param patience how long it waits for that. Milliseconds
   */
  async inTurn(task: () => Promise<void>, patience = PATIENCE_MS): Promise<void> {
    // Only secure contexts have locks.
    const locks = (globalThis as { navigator?: { locks?: LockManager } }).navigator?.locks;
    if (!locks) return task();
    let begun = false;
    const begin = () => ((begun = true), task());
    await locks.request(this.name, { signal: AbortSignal.timeout(patience) }, begin).catch((error: unknown) => {
      if (begun) throw error;
      return task();
    });
  }

  close(): void {
    this.channel?.close();
  }
}
