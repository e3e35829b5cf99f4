import type { GraphQLAnswer } from '../../support/graphql-client.js';

/** What a client was told. `unknown`: no answer, or one that says to try again; it may have happened or not. */
export type Outcome = 'ok' | 'refused' | 'unknown' | 'fault';

export interface Entry {
  /** Of one device: entries of one session are in the order in which they were made, one after the other. */
  readonly session: string;
  readonly operation: 'login' | 'me' | 'refresh' | 'logout';
  readonly outcome: Outcome;
  /** The code of the error, or what the network said. */
  readonly told?: string;
  /** The refresh token that was presented, and the one that came back. */
  readonly presented?: string;
  readonly received?: string;
}

/** An answer as a client has to take it (docs/errors.md). */
export function outcomeOf({ errors: [error] }: Pick<GraphQLAnswer, 'errors'>): { outcome: Outcome; told?: string } {
  if (!error) return { outcome: 'ok' };
  const { code, reason } = error.extensions;
  const told = reason ? `${code}/${reason}` : code;
  if (code === 'SERVICE_UNAVAILABLE') return { outcome: 'unknown', told };
  return { outcome: code === 'INTERNAL_SERVER_ERROR' ? 'fault' : 'refused', told };
}

/** Everything that any client was told, and what must never be true of it. */
export class History {
  readonly entries: Entry[] = [];

  add(entry: Entry): void {
    this.entries.push(entry);
  }

  count(outcome: Outcome): number {
    return this.entries.filter((entry) => entry.outcome === outcome).length;
  }

  /** One line for each contradiction. */
  violations(): string[] {
    const bySession = Map.groupBy(this.entries, ({ session }) => session);
    return [...bySession.values()].flatMap((entries) => violationsOf(entries));
  }
}

/** Replays what one session was told, in order. */
function violationsOf(entries: readonly Entry[]): string[] {
  const violations: string[] = [];
  const successors = new Map<string, string>();
  /** `left` once a logout was answered; `leaving` while nobody knows. */
  let state: 'live' | 'leaving' | 'left' = 'live';
  for (const { session, operation, outcome, told, presented, received } of entries) {
    const report = (what: string) => violations.push(`${session}: ${what} (${operation}: ${told ?? 'ok'})`);
    if (outcome === 'fault') report('a fault that a client can not handle');
    if (operation === 'logout') {
      if (outcome === 'ok') state = 'left';
      if (outcome === 'unknown' && state === 'live') state = 'leaving';
      if (outcome === 'refused') report('a logout was refused');
      continue;
    }
    if (outcome === 'ok' && state === 'left') report('a revocation that was acknowledged is undone');
    if (outcome === 'refused' && state === 'live') report('a token that was acknowledged is dead without cause');
    if (outcome === 'ok' && presented !== undefined && received !== undefined) {
      const former = successors.get(presented);
      if (former !== undefined && former !== received) report('one refresh token has two successors');
      successors.set(presented, received);
    }
  }
  return violations;
}
