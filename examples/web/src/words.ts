import type { ErrorReason, Failure, SignedOutReason } from '@latchkey/apollo-client';

/** What people read when something fails. Chosen by code; texts of the server are for developers. */
const BY_CODE: Record<Failure['code'], string> = {
  UNREACHABLE: 'There is no connection to the server. Nothing is lost: try again in a moment.',
  SERVICE_UNAVAILABLE: 'The server is busy at the moment. Nothing is lost: try again shortly.',
  TOO_MANY_REQUESTS: 'That was tried too often.',
  INVALID_CREDENTIALS:
    'E-mail or password is wrong. Try again, or choose a new password. After a sign-up, open the link in your mail first.',
  EMAIL_TAKEN: 'There is an account with this e-mail already. Sign in, or choose a new password.',
  BAD_USER_INPUT: 'Something is not right yet: see the marked fields.',
  UNAUTHENTICATED: 'You are not signed in any more. Sign in and try again.',
  FORBIDDEN: 'You may not do this. Ask an administrator if you need to.',
  NOT_FOUND: 'This is not there any more. Load the page again to see what is.',
  CONFLICT: 'Somebody else has changed this meanwhile. Load the page again and try once more.',
  INTERNAL_SERVER_ERROR: 'That went wrong on our side. Try again later.',
  BAD_REQUEST: 'This page is out of date. Load it again.',
  GRAPHQL_PARSE_FAILED: 'This page is out of date. Load it again.',
  GRAPHQL_VALIDATION_FAILED: 'This page is out of date. Load it again.',
  PERSISTED_QUERY_NOT_FOUND: 'This page is out of date. Load it again.',
  PERSISTED_QUERY_NOT_SUPPORTED: 'This page is out of date. Load it again.',
};

const BY_REASON: Partial<Record<ErrorReason, string>> = {
  ONE_TIME_TOKEN_INVALID: 'This link does not work any more. Ask for a new one.',
  REAUTHENTICATION_REQUIRED: 'Enter your password to go on.',
};

const BY_FIELD: Record<string, string> = {
  email: 'Enter an e-mail address, such as ada@example.com.',
  newEmail: 'Enter an e-mail address, such as ada@example.com.',
  password: 'This is too short or too easy to guess. Choose a longer or less common password.',
  newPassword: 'This is too short or too easy to guess. Choose a longer or less common password.',
  name: 'Enter at most 200 letters.',
};

export function wordsFor({ code, reason, retryAfter, requestId }: Failure): string {
  const words = (reason && BY_REASON[reason]) ?? BY_CODE[code];
  if (code === 'TOO_MANY_REQUESTS') return `${words} Try again in ${duration(retryAfter ?? 60)}.`;
  if (code === 'INTERNAL_SERVER_ERROR' && requestId)
    return `${words} If it stays so, tell us this number: ${requestId}`;
  return words;
}

/** Beside a field that has to be filled in. */
export const WORDS_FOR_EMPTY = 'Fill this in.';

export const wordsForField = (name: string): string => BY_FIELD[name] ?? 'This is not accepted.';

/** For the sign-in page that appears in place of what was there. Undefined after a visit of one's own to it. */
export function wordsForEnd(reason: SignedOutReason | undefined): string | undefined {
  switch (reason) {
    case undefined:
      return undefined;
    case 'LOGGED_OUT':
      return 'You are signed out.';
    case 'TOKEN_MISSING':
      return 'Your browser keeps no cookies for this page. Allow them, then sign in again.';
    case 'ACCOUNT_DISABLED':
      return 'This account is disabled. Ask an administrator.';
    case 'REFRESH_TOKEN_EXPIRED':
    case 'SESSION_EXPIRED':
      return 'You were away for a while. Sign in to go on where you were.';
    default:
      return 'Your session was ended. Sign in to go on where you were.';
  }
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds} ${seconds === 1 ? 'second' : 'seconds'}`;
  const minutes = Math.ceil(seconds / 60);
  return `${minutes} ${minutes === 1 ? 'minute' : 'minutes'}`;
}

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** "3 hours ago". */
export function ago(moment: string): string {
  const past = Date.now() - Date.parse(moment);
  const [unit, length] = units.find(([, milliseconds]) => past >= milliseconds) ?? [];
  if (!unit) return 'just now';
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(-Math.floor(past / length), unit);
}
