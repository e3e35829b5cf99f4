import type { ErrorReason } from './enums.generated.js';
import { noAnswer } from './failure.js';
import type { CurrentUserFragment, SignedInFragment } from './operations.generated.js';

/** Who is signed in, as far as every page wants to know. Query `me` for more. */
export type CurrentUser = CurrentUserFragment;

/** Why nobody is signed in any more: what the server said of the session, or that somebody logged out. */
export type SignedOutReason = ErrorReason | 'LOGGED_OUT';

/** One set of tokens. Another set is another object: `===` tells whether tokens were replaced. */
export interface Session {
  /** Undefined where the server was only asked who is signed in. */
  readonly id: string | undefined;
  readonly userId: string;
  /** Null with the transport COOKIE: the browser has the token, and scripts do not. */
  readonly accessToken: string | null;
  /** Null with the transport COOKIE. */
  readonly refreshToken: string | null;
  /** When the access token expires, in milliseconds by the clock of this machine. Infinity: only the server knows. */
  readonly expiresAt: number;
}

/** A session, and whose it is. */
export interface SignedIn {
  readonly session: Session;
  readonly user: CurrentUser;
}

/**
 * `expiresIn` was counted by the server, so it does not matter what the clock here says. It is added to the moment of the
 * request: the answer may have been on its way for long.
 */
export function signedInBy(payload: SignedInFragment | null | undefined, sentAt: number): SignedIn {
  const {
    accessToken = null,
    refreshToken = null,
    expiresIn,
    user,
    session,
  }: Partial<SignedInFragment> = payload ?? {};
  if (!user?.id || !session?.id || expiresIn === undefined) throw noAnswer();
  const expiresAt = sentAt + expiresIn * 1000;
  return { session: { id: session.id, userId: user.id, accessToken, refreshToken, expiresAt }, user };
}

/** With cookies, when the server has said who is signed in and not until when. */
export const cookieSession = (userId: string): Session => ({
  id: undefined,
  userId,
  accessToken: null,
  refreshToken: null,
  expiresAt: Infinity,
});
