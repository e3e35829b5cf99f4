import type { Principal } from '../access/principal.js';
import type { SessionRecord } from '../sessions/session.entity.js';
import type { IssuedAccessToken } from '../tokens/access-token.service.js';
import type { UserRecord } from '../users/user.entity.js';

/** The outcome of `signup`, `login` and `refresh` before it takes a way to the client. */
export interface SignedIn {
  readonly user: UserRecord;
  readonly session: SessionRecord;
  readonly accessToken: IssuedAccessToken;
  readonly refreshToken: string;
  /** The caller of the rest of this payload. */
  readonly principal: Principal;
}
