import type { Session } from './session.js';

/** Where tokens outlive the page: `localStorage`, `sessionStorage`, or anything alike, which may take its time. */
export interface TokenStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

/** Keeps the tokens of one session in a storage, and nothing of the user (ASVS 14.3.3). A storage that is full, blocked or broken keeps none, and nobody is signed out by it. */
export class Keeper {
  /** One thing after the other: a storage that takes its time could write a token after it was told to remove it. */
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly storage: TokenStorage | undefined,
    private readonly key: string,
  ) {}

  read(): Promise<Session | null> {
    return this.inOrder(() => this.load());
  }

  write(session: Session): Promise<void> {
    return this.inOrder(async () => {
      try {
        await this.storage?.setItem(this.key, JSON.stringify(session));
      } catch {
        // An old token must not be found where the new one could not be written: it would look stolen.
        await this.remove();
      }
    });
  }

  /** Forgets this session, or whatever is kept if there was none. Another one was begun by a tab that cannot be heard here. */
  forget(ended: Session | null | undefined): Promise<void> {
    return this.inOrder(async () => {
      const kept = await this.load();
      if (!kept || !ended || kept.id === ended.id) await this.remove();
    });
  }

  private inOrder<T>(task: () => Promise<T>): Promise<T> {
    const result = this.last.then(task);
    this.last = result;
    return result;
  }

  private async load(): Promise<Session | null> {
    try {
      const text = await this.storage?.getItem(this.key);
      const kept: unknown = text ? JSON.parse(text) : null;
      return isSession(kept) ? kept : null;
    } catch {
      return null;
    }
  }

  private async remove(): Promise<void> {
    try {
      await this.storage?.removeItem(this.key);
    } catch {
      // See above.
    }
  }
}

function isSession(value: unknown): value is Session {
  const { userId, accessToken, refreshToken, expiresAt } = (value ?? {}) as Partial<Record<keyof Session, unknown>>;
  return [userId, accessToken, refreshToken].every((it) => typeof it === 'string') && typeof expiresAt === 'number';
}
