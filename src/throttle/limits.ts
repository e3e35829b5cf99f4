/** At most `attempts` within `seconds`, counted for each network address or for each signed-in user. */
export interface Budget {
  readonly per: 'address' | 'user';
  readonly attempts: number;
  readonly seconds: number;
  /** Tries a secret, or costs a password hash: one document holds at most one of them (`graphql/document.rule.ts`). */
  readonly isCredential?: true;
}

/**
 * Every limit on operations. A mutation without a row has `OTHER_MUTATIONS`; queries have none, because the bounds on a
 * document are what they can cost. Each execution of the resolver counts, whatever it is called in the document.
 */
export const OPERATION_BUDGETS: Readonly<Record<string, Budget | 'unlimited'>> = {
  login: { per: 'address', attempts: 300, seconds: 600, isCredential: true },
  signup: { per: 'address', attempts: 100, seconds: 600, isCredential: true },
  refresh: { per: 'address', attempts: 600, seconds: 60, isCredential: true },
  // It never fails, least of all under attack, and without a genuine token it does nothing.
  logout: 'unlimited',
  revokeSession: { per: 'user', attempts: 60, seconds: 60 },
  revokeOtherSessions: { per: 'user', attempts: 60, seconds: 60 },
};

/** Of each mutation that is not listed, such as those of a fork. Together. */
export const OTHER_MUTATIONS: Budget = { per: 'address', attempts: 300, seconds: 60 };

/** The mutations that try a secret or cost a password hash. */
export const isCredentialOperation = (mutation: string): boolean => {
  const budget = Object.hasOwn(OPERATION_BUDGETS, mutation) ? OPERATION_BUDGETS[mutation] : undefined;
  return typeof budget === 'object' && budget.isCredential === true;
};

/** So many attempts at once, then one after 1 s, 2 s, 4 s … up to `longestDelay`. Seconds, all of them. */
export interface BackoffLimits {
  readonly atOnce: number;
  /** When failures are forgotten, counted from the first one. */
  readonly memory: number;
  readonly longestDelay: number;
}

/**
 * Wrong passwords. `account` counts each account apart for each address (or for each recognised device), so that a
 * stranger can not keep its owner out (ASVS 6.1.1); `address` counts all accounts together.
 */
export const WRONG_PASSWORDS = {
  account: { atOnce: 10, memory: 86_400, longestDelay: 3600 },
  address: { atOnce: 100, memory: 3600, longestDelay: 60 },
} as const satisfies Record<string, BackoffLimits>;

/** Refusals of one address that are kept in the audit trail; the log has all of them. */
export const AUDITED_REFUSALS: Budget = { per: 'address', attempts: 200, seconds: 3600 };
