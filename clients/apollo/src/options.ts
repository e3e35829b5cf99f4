import { type Attach, attachCookies } from './auth-link.js';
import type { TokenStorage } from './keeper.js';
import type { TokenTransport } from './operations.generated.js';
import type { CurrentUser, SignedOutReason } from './session.js';
import type { Clock } from './sessions.js';

export interface LatchkeyOptions {
  /** Where Latchkey serves GraphQL, such as `https://auth.example.com/graphql`. */
  readonly uri: string;
  /** `BODY` unless said otherwise: the tokens are kept here. `COOKIE`: the browser keeps them, out of reach of scripts. */
  readonly transport?: TokenTransport;
  /** With `BODY`: where tokens outlive the page. Every script of the page can read it. Without it they are kept in memory. */
  readonly storage?: TokenStorage;
  /** Who is signed in, where a server has found out already: no question is asked then. Null: nobody. */
  readonly user?: CurrentUser | null;
  /** Called in every tab when the session ends. `LOGGED_OUT`: somebody did so, here or in another tab. */
  readonly onSignedOut?: (reason: SignedOutReason) => void;
  readonly fetch?: typeof fetch;
}

/** What the program around it is like. A page in a browser, unless said otherwise. */
export interface Surroundings {
  readonly clock: Clock;
  readonly hasTabs: boolean;
  readonly mayRefresh: boolean;
  /** With `COOKIE`: puts into an operation what makes the cookies go along. */
  readonly attachCookies: Attach;
}

export const PAGE: Surroundings = {
  clock: {
    now: () => Date.now(),
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
  },
  hasTabs: true,
  mayRefresh: true,
  attachCookies,
};
