import type { ErrorReason } from './enums.generated.js';
import type { CurrentUserFragment, SignedInFragment } from './operations.generated.js';

/** Who is signed in, as far as every page wants to know. Query `me` for more. */
export type CurrentUser = CurrentUserFragment;

/** Why nobody is signed in any more: what the server said of the session, or that somebody logged out. */
export type SignedOutReason = ErrorReason | 'LOGGED_OUT';

/** One set of tokens and whom they stand for. Another set is another object: `===` tells whether tokens were replaced. */
export interface Session {
  /** Undefined where the server was only asked who is signed in. */
  readonly id: string | undefined;
  /** Null with the transport COOKIE: the browser has the token, and scripts do not. */
  readonly accessToken: string | null;
  /** Null with the transport COOKIE. */
  readonly refreshToken: string | null;
  /** When the access token expires, in milliseconds by the clock of this machine. Infinity: only the server knows. */
  readonly expiresAt: number;
  user: CurrentUser;
}

/**
 * `expiresIn` was counted by the server, so it does not matter what the clock here says. It is added to the moment of the
 * request: the answer may have been on its way for long.
 */
export function sessionOf(payload: SignedInFragment, sentAt: number): Session {
  const { accessToken, refreshToken, expiresIn, user, session } = payload;
  return { id: session.id, accessToken, refreshToken, expiresAt: sentAt + expiresIn * 1000, user };
}

/** With cookies, when the server has said who is signed in and not until when. */
export const cookieSession = (user: CurrentUser): Session => ({
  id: undefined,
  accessToken: null,
  refreshToken: null,
  expiresAt: Infinity,
  user,
});
