import { formatRefreshToken, refreshKeyOf } from '../../src/sessions/refresh-token.js';

/** The refresh token that a server with this secret makes for a session. */
export function refreshTokenOf(
  secret: string,
  { id, refreshSalt }: { id: string; refreshSalt: string },
  counter: number,
) {
  return formatRefreshToken(refreshKeyOf(secret, refreshSalt), id, counter);
}
