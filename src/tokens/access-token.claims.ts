import * as z from 'zod';

const epochSeconds = z.int().positive();

/**
 * What an access token says (RFC 9068 section 2.2). Every claim but `nbf` and `act` is required, and all are typed: a token
 * without one, or with a string for a date, is not ours, whoever signed it (ASVS 9.2.1).
 */
export const accessTokenClaims = z.object({
  iss: z.string(),
  aud: z.string(),
  /** The user. */
  sub: z.uuid(),
  /** The session. */
  sid: z.uuid(),
  /** Makes two tokens of one second differ. */
  jti: z.uuid(),
  iat: epochSeconds,
  exp: epochSeconds,
  /** We issue none. Where a genuine token has one, it obeys the clock like the others. */
  nbf: epochSeconds.optional(),
  auth_time: epochSeconds,
  amr: z.array(z.string()).min(1),
  client_id: z.string().min(1),
  roles: z.array(z.string()),
  /** The user's version at issue. */
  ver: z.int().positive(),
  /** Who acts as the user, if it is somebody else (RFC 8693 section 4.1). */
  act: z.object({ sub: z.uuid() }).optional(),
});

export type AccessTokenClaims = Readonly<z.infer<typeof accessTokenClaims>>;
