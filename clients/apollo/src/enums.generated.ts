/** What the guards answer a user about a field. */
export const AccessDecision = {
  /** The account is disabled: it can use what is public and nothing else. */
  ACCOUNT_DISABLED: 'ACCOUNT_DISABLED',
  /** The field is theirs to use. */
  ALLOWED: 'ALLOWED',
  /** The roles of the user lack a permission that is needed. */
  PERMISSION_MISSING: 'PERMISSION_MISSING',
  /** The user holds none of the roles of which one is needed. */
  ROLE_MISSING: 'ROLE_MISSING'
} as const;

export type AccessDecision = typeof AccessDecision[keyof typeof AccessDecision];
/** Values of `extensions.action`: what a client should do next. */
export const ErrorAction = {
  /** Let the user change what they entered: show `fields`, or without them what `reason` or `code` says. */
  FIX_INPUT: 'FIX_INPUT',
  /** Ask the user to sign in. */
  LOGIN: 'LOGIN',
  /** Nothing that a client does will help. */
  NONE: 'NONE',
  /** Ask for the password again. */
  REAUTHENTICATE: 'REAUTHENTICATE',
  /** Call `refresh`, then repeat the operation once. */
  REFRESH: 'REFRESH',
  /** Repeat the operation, after `retryAfter` seconds if given. */
  RETRY: 'RETRY',
  /** Ask the user to confirm the e-mail address. */
  VERIFY_EMAIL: 'VERIFY_EMAIL'
} as const;

export type ErrorAction = typeof ErrorAction[keyof typeof ErrorAction];
/** Every value of `extensions.code`. */
export const ErrorCode = {
  /** The HTTP request is not one that the server understands. */
  BAD_REQUEST: 'BAD_REQUEST',
  /** An argument was refused; `fields` tells which and why, unless it is the token of a link (`ONE_TIME_TOKEN_INVALID`). */
  BAD_USER_INPUT: 'BAD_USER_INPUT',
  /** The change contradicts the present state. */
  CONFLICT: 'CONFLICT',
  /** An account with this e-mail exists already. */
  EMAIL_TAKEN: 'EMAIL_TAKEN',
  /** The caller is known and may not do this. */
  FORBIDDEN: 'FORBIDDEN',
  /** The document is not GraphQL. */
  GRAPHQL_PARSE_FAILED: 'GRAPHQL_PARSE_FAILED',
  /** The document does not fit the schema, or exceeds a limit. */
  GRAPHQL_VALIDATION_FAILED: 'GRAPHQL_VALIDATION_FAILED',
  /** A fault of the server. Quote `requestId` to its operator. */
  INTERNAL_SERVER_ERROR: 'INTERNAL_SERVER_ERROR',
  /** E-mail or password is wrong. Never a reason to refresh. */
  INVALID_CREDENTIALS: 'INVALID_CREDENTIALS',
  /** There is no such thing, or it belongs to somebody else. */
  NOT_FOUND: 'NOT_FOUND',
  /** Send the full document again. */
  PERSISTED_QUERY_NOT_FOUND: 'PERSISTED_QUERY_NOT_FOUND',
  /** Send full documents: this server keeps no persisted queries. */
  PERSISTED_QUERY_NOT_SUPPORTED: 'PERSISTED_QUERY_NOT_SUPPORTED',
  /** A passing fault. No token was used up; try again after `retryAfter` seconds. */
  SERVICE_UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  /** Wait for `retryAfter` seconds. */
  TOO_MANY_REQUESTS: 'TOO_MANY_REQUESTS',
  /** Who calls could not be established; `reason` tells why. */
  UNAUTHENTICATED: 'UNAUTHENTICATED'
} as const;

export type ErrorCode = typeof ErrorCode[keyof typeof ErrorCode];
/** Values of `extensions.reason`, beside UNAUTHENTICATED and BAD_USER_INPUT. */
export const ErrorReason = {
  /** The account is disabled. */
  ACCOUNT_DISABLED: 'ACCOUNT_DISABLED',
  /** The one-time token is wrong, used, expired or meant for something else. */
  ONE_TIME_TOKEN_INVALID: 'ONE_TIME_TOKEN_INVALID',
  /** The last sign-in is too long ago for this change, or nothing shows that the account is the one of the caller. */
  REAUTHENTICATION_REQUIRED: 'REAUTHENTICATION_REQUIRED',
  /** The refresh token was not used for too long. */
  REFRESH_TOKEN_EXPIRED: 'REFRESH_TOKEN_EXPIRED',
  /** The refresh token is malformed, forged or unknown. */
  REFRESH_TOKEN_INVALID: 'REFRESH_TOKEN_INVALID',
  /** No refresh token was sent. */
  REFRESH_TOKEN_MISSING: 'REFRESH_TOKEN_MISSING',
  /** The refresh token had been replaced before; its session was ended. */
  REFRESH_TOKEN_REUSED: 'REFRESH_TOKEN_REUSED',
  /** The session has reached its greatest age. */
  SESSION_EXPIRED: 'SESSION_EXPIRED',
  /** The session was ended. */
  SESSION_REVOKED: 'SESSION_REVOKED',
  /** The access token has expired. */
  TOKEN_EXPIRED: 'TOKEN_EXPIRED',
  /** The access token is malformed, forged or not meant for this server. */
  TOKEN_INVALID: 'TOKEN_INVALID',
  /** No access token was sent. */
  TOKEN_MISSING: 'TOKEN_MISSING',
  /** The session of the access token was ended. */
  TOKEN_REVOKED: 'TOKEN_REVOKED',
  /** The roles of the user have changed since the token was issued. */
  TOKEN_STALE: 'TOKEN_STALE',
  /** The new password is not acceptable. */
  WEAK_PASSWORD: 'WEAK_PASSWORD'
} as const;

export type ErrorReason = typeof ErrorReason[keyof typeof ErrorReason];
/** What a signing key is for at present, in the order in which it gets there. */
export const SigningKeyState = {
  /** It signs. */
  ACTIVE: 'ACTIVE',
  /** Other services can know it already; it signs later. */
  PUBLISHED: 'PUBLISHED',
  /** No token of it is accepted. */
  RETIRED: 'RETIRED',
  /** It signs no more; tokens that it has signed are still good. */
  RETIRING: 'RETIRING'
} as const;

export type SigningKeyState = typeof SigningKeyState[keyof typeof SigningKeyState];
/** How a client receives its tokens. */
export const TokenTransport = {
  /** In the payload; the client keeps them and sends an Authorization header. */
  BODY: 'BODY',
  /** In HttpOnly cookies that scripts can not read; the token fields of the payload are null. */
  COOKIE: 'COOKIE'
} as const;

export type TokenTransport = typeof TokenTransport[keyof typeof TokenTransport];
/** In which order users are listed. */
export const UserOrder = {
  /** The oldest account first. */
  CREATED_AT_ASC: 'CREATED_AT_ASC',
  /** The newest account first. */
  CREATED_AT_DESC: 'CREATED_AT_DESC',
  /** By address. */
  EMAIL_ASC: 'EMAIL_ASC',
  /** Who signed in last comes first; who never did comes last. */
  LAST_LOGIN_DESC: 'LAST_LOGIN_DESC'
} as const;

export type UserOrder = typeof UserOrder[keyof typeof UserOrder];