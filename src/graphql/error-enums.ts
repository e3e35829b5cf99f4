import { registerEnumType } from '@nestjs/graphql';
import { ErrorAction, ErrorCode, ErrorReason } from '../common/error-codes.js';

type Descriptions<T extends string> = Record<T, string>;

const codes: Descriptions<ErrorCode> = {
  BAD_REQUEST: 'The HTTP request is not one that the server understands.',
  BAD_USER_INPUT:
    'An argument was refused; `fields` tells which and why, unless it is the token of a link (`ONE_TIME_TOKEN_INVALID`).',
  GRAPHQL_PARSE_FAILED: 'The document is not GraphQL.',
  GRAPHQL_VALIDATION_FAILED: 'The document does not fit the schema, or exceeds a limit.',
  PERSISTED_QUERY_NOT_FOUND: 'Send the full document again.',
  PERSISTED_QUERY_NOT_SUPPORTED: 'Send full documents: this server keeps no persisted queries.',
  UNAUTHENTICATED: 'Who calls could not be established; `reason` tells why.',
  FORBIDDEN: 'The caller is known and may not do this.',
  INVALID_CREDENTIALS: 'E-mail or password is wrong. Never a reason to refresh.',
  NOT_FOUND: 'There is no such thing, or it belongs to somebody else.',
  CONFLICT: 'The change contradicts the present state.',
  EMAIL_TAKEN: 'An account with this e-mail exists already.',
  TOO_MANY_REQUESTS: 'Wait for `retryAfter` seconds.',
  SERVICE_UNAVAILABLE: 'A passing fault. No token was used up; try again after `retryAfter` seconds.',
  INTERNAL_SERVER_ERROR: 'A fault of the server. Quote `requestId` to its operator.',
};

const reasons: Descriptions<ErrorReason> = {
  TOKEN_MISSING: 'No access token was sent.',
  TOKEN_EXPIRED: 'The access token has expired.',
  TOKEN_INVALID: 'The access token is malformed, forged or not meant for this server.',
  TOKEN_REVOKED: 'The session of the access token was ended.',
  TOKEN_STALE: 'The roles of the user have changed since the token was issued.',
  REFRESH_TOKEN_MISSING: 'No refresh token was sent.',
  REFRESH_TOKEN_INVALID: 'The refresh token is malformed, forged or unknown.',
  REFRESH_TOKEN_EXPIRED: 'The refresh token was not used for too long.',
  REFRESH_TOKEN_REUSED: 'The refresh token had been replaced before; its session was ended.',
  SESSION_REVOKED: 'The session was ended.',
  SESSION_EXPIRED: 'The session has reached its greatest age.',
  ACCOUNT_DISABLED: 'The account is disabled.',
  ONE_TIME_TOKEN_INVALID: 'The one-time token is wrong, used, expired or meant for something else.',
  WEAK_PASSWORD: 'The new password is not acceptable.',
  REAUTHENTICATION_REQUIRED:
    'The last sign-in is too long ago for this change, or nothing shows that the account is the one of the caller.',
};

const actions: Descriptions<ErrorAction> = {
  REFRESH: 'Call `refresh`, then repeat the operation once.',
  LOGIN: 'Ask the user to sign in.',
  RETRY: 'Repeat the operation, after `retryAfter` seconds if given.',
  FIX_INPUT: 'Let the user change what they entered: show `fields`, or without them what `reason` or `code` says.',
  VERIFY_EMAIL: 'Ask the user to confirm the e-mail address.',
  REAUTHENTICATE: 'Ask for the password again.',
  NONE: 'Nothing that a client does will help.',
};

registerEnumType(ErrorCode, {
  name: 'ErrorCode',
  description: 'Every value of `extensions.code`.',
  valuesMap: described(codes),
});
registerEnumType(ErrorReason, {
  name: 'ErrorReason',
  description: 'Values of `extensions.reason`, beside UNAUTHENTICATED and BAD_USER_INPUT.',
  valuesMap: described(reasons),
});
registerEnumType(ErrorAction, {
  name: 'ErrorAction',
  description: 'Values of `extensions.action`: what a client should do next.',
  valuesMap: described(actions),
});

/** No field refers to these enums; they are in the schema for generated clients to switch over. */
export const errorEnums = [ErrorCode, ErrorReason, ErrorAction];

function described<T extends string>(descriptions: Descriptions<T>) {
  const entries = Object.entries<string>(descriptions).map(([value, description]) => [value, { description }]);
  return Object.fromEntries(entries) as Record<T, { description: string }>;
}
