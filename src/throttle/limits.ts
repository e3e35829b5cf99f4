import type { LimiterBudget } from './limiter.js';

/** At most `attempts` within `seconds`, counted for each network address, session, or signed-in user or who acts as them. */
export interface Budget extends LimiterBudget {
  readonly per: 'address' | 'session' | 'actor';
  /** So many of each session count for nobody else at the address. */
  readonly reserve?: LimiterBudget;
}

/**
 * What a public mutation can present that this server made: the cookie or the former session of a device that is known to
 * the account, a refresh token, a link that was sent.
 */
export type ProofKind = 'device' | 'session' | 'link';

/**
 * Counted instead of `budgets`: whoever shares an address with strangers is not refused for what they do. Beyond it a request counts as
 * one without a proof: one that others have used up is no worse than none.
 */
interface ProofBudget extends LimiterBudget {
  readonly of: ProofKind;
  /** Beyond it the request is refused: it bounds what the holder does, and nobody else can use it up. */
  readonly isFinal?: true;
}

export interface OperationLimit {
  /** All of them have to have room. None: unlimited. */
  readonly budgets: readonly Budget[];
  readonly proof?: ProofBudget;
  /** Tries a secret, ends one, costs a password hash or sends a mail: one document holds at most one of them (`graphql/document.rule.ts`). */
  readonly isCredential?: true;
}

const MINUTE = 60;
const HOUR = 3_600;

const perAddress = (attempts: number, seconds: number): Budget => ({ per: 'address', attempts, seconds });
const perSession = (attempts: number, seconds: number): Budget => ({ per: 'session', attempts, seconds });
const perActor = (attempts: number, seconds: number): Budget => ({ per: 'actor', attempts, seconds });

/** How many of them become mails is a matter of `MAIL_BUDGETS`. */
const MAIL = {
  budgets: [perAddress(60, 10 * MINUTE)],
  proof: { of: 'device', attempts: 20, seconds: 10 * MINUTE },
  isCredential: true,
} as const;
/** A link works once, and only its owner has it: what counts for an address are guesses. */
const TOKEN = {
  budgets: [perAddress(100, 10 * MINUTE)],
  proof: { of: 'link', attempts: 10, seconds: 10 * MINUTE },
  isCredential: true,
} as const;
/** Of a session, so that a stolen one uses up nothing of its owner's. Many sessions of one address have a bound in common. */
const SENSITIVE = {
  budgets: [perSession(20, HOUR), { ...perAddress(100, 10 * MINUTE), reserve: { attempts: 3, seconds: HOUR } }],
  isCredential: true,
} as const;
/** Enough for somebody who works through a list, and not for a stolen session that works through all users. */
const ADMINISTRATION = { budgets: [perActor(120, MINUTE)] } as const;
const PLAIN = { budgets: [perSession(60, MINUTE)] } as const;

/**
 * Every limit on operations. A mutation without a row has `OTHER_MUTATIONS`; queries have none but `DEAR_DOCUMENTS`, because
 * the bounds on a document are what they can cost. Each execution of the resolver counts, whatever it is called in the document.
 */
export const OPERATION_LIMITS: Readonly<Record<string, OperationLimit>> = {
  login: {
    budgets: [perAddress(300, 10 * MINUTE)],
    proof: { of: 'device', attempts: 20, seconds: 10 * MINUTE },
    isCredential: true,
  },
  signup: { budgets: [perAddress(100, 10 * MINUTE)], isCredential: true },
  // Each refresh is a row of the audit trail. A client needs some four an hour, and a browser full of tabs a few at once.
  refresh: {
    budgets: [perAddress(600, MINUTE)],
    proof: { of: 'session', attempts: 60, seconds: 10 * MINUTE, isFinal: true },
    isCredential: true,
  },
  // It never fails, least of all under attack, and without a genuine token it does nothing. One a document is enough.
  logout: { budgets: [], isCredential: true },
  revokeSession: PLAIN,
  revokeOtherSessions: PLAIN,

  requestEmailVerification: MAIL,
  requestPasswordReset: MAIL,
  requestMagicLink: MAIL,
  verifyEmail: TOKEN,
  resetPassword: TOKEN,
  confirmEmailChange: TOKEN,
  revertEmailChange: TOKEN,
  loginWithMagicLink: TOKEN,
  updateProfile: PLAIN,
  changePassword: SENSITIVE,
  requestEmailChange: SENSITIVE,
  deleteAccount: SENSITIVE,

  createUser: { ...ADMINISTRATION, isCredential: true },
  updateUser: ADMINISTRATION,
  setUserRoles: ADMINISTRATION,
  disableUser: ADMINISTRATION,
  enableUser: ADMINISTRATION,
  deleteUser: ADMINISTRATION,
  revokeUserSessions: ADMINISTRATION,
  impersonate: { budgets: [perActor(30, HOUR)] },
  createRole: ADMINISTRATION,
  updateRole: ADMINISTRATION,
  deleteRole: ADMINISTRATION,
  rotateSigningKey: { budgets: [perActor(10, HOUR)] },
};

/**
 * Mails to each address, whoever asks for them or causes them: nobody fills a mailbox. Beyond the budget no mail is sent, and nobody is
 * refused (`mail-budget.ts`); an `email-changed`, which has the link that takes the change back, waits and goes out beside it. `signup` is
 * what a sign-up with an address sends there.
 */
export const MAIL_BUDGETS = {
  'verify-email': { attempts: 5, seconds: HOUR },
  'reset-password': { attempts: 5, seconds: HOUR },
  'magic-link': { attempts: 5, seconds: HOUR },
  'confirm-email-change': { attempts: 5, seconds: HOUR },
  signup: { attempts: 10, seconds: HOUR },
  'new-device': { attempts: 5, seconds: HOUR },
  'password-changed': { attempts: 5, seconds: HOUR },
  'email-changed': { attempts: 5, seconds: HOUR },
  'email-left': { attempts: 5, seconds: HOUR },
  'email-moved-back': { attempts: 5, seconds: HOUR },
  'email-replaced': { attempts: 5, seconds: HOUR },
  'email-unconfirmed': { attempts: 5, seconds: HOUR },
  'account-deleted': { attempts: 5, seconds: HOUR },
} as const satisfies Record<string, LimiterBudget>;

export type BudgetedMail = keyof typeof MAIL_BUDGETS;

/**
 * Beyond the budget of a link: strangers may have used it up before the account was there, or a change of it has voided its links: it has none to renew.
 * So many of each kind go out for an account that has none.
 */
export const MAIL_FOR_NO_LINK: LimiterBudget = { attempts: 1, seconds: HOUR };

/** Of each mutation that is not listed, such as those of a fork. Together; of each address where nobody is signed in. */
export const OTHER_MUTATIONS: Budget = perSession(300, MINUTE);

/** The mutations that try or end a secret, cost a password hash or send a mail. */
export const isCredentialOperation = (mutation: string): boolean => limitOf(mutation)?.isCredential === true;

/** Undefined for a mutation without a row. */
export const limitOf = (mutation: string): OperationLimit | undefined =>
  Object.hasOwn(OPERATION_LIMITS, mutation) ? OPERATION_LIMITS[mutation] : undefined;

/** So many attempts at once, then one after 1 s, 2 s, 4 s … up to `longestDelay`. Seconds, all of them. */
export interface BackoffLimits {
  readonly atOnce: number;
  /** When failures are forgotten, counted from the first one. */
  readonly memory: number;
  readonly longestDelay: number;
}

/**
 * Wrong passwords. `account` counts each account apart for each address, and there apart for its known devices, so that a
 * stranger cannot keep its owner out (ASVS 6.1.1). `address` counts all accounts together, and apart from them those of
 * known devices; of an account that is known there, `spared` do not count in that.
 */
export const WRONG_PASSWORDS = {
  account: { atOnce: 10, memory: 86_400, longestDelay: 3600 },
  address: { atOnce: 100, memory: 3600, longestDelay: 60 },
  spared: 3,
} as const satisfies { account: BackoffLimits; address: BackoffLimits; spared: number };

/**
 * What documents of a complexity above `from` may cost together, for each user or network address and each instance
 * (`document-budget.guard.ts`; what a complexity is says docs/documents.md).
 */
export const DEAR_DOCUMENTS = { from: 1000, complexity: 60_000, seconds: 60 } as const;

/** Refusals of one address that are kept in the audit trail; the log has all of them. */
export const AUDITED_REFUSALS: Budget = perAddress(200, HOUR);
