import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { type ErrorAction, ErrorCode, type ErrorReason } from './enums.generated.js';

/** What went wrong, in the closed lists of the schema. Say it to people in words of your own, by `code` and `reason`. */
export interface Failure {
  /** `UNREACHABLE`: no answer, or none of Latchkey. Everything else is from the server. */
  readonly code: ErrorCode | 'UNREACHABLE';
  readonly action: ErrorAction;
  readonly reason?: ErrorReason;
  /** Seconds to wait before another try. */
  readonly retryAfter?: number;
  /** Which arguments were refused; `path` as in `input.email`. */
  readonly fields?: readonly { readonly path: string; readonly message: string }[];
  /** Identifies the request in the log of the server. */
  readonly requestId?: string;
}

/** What an error of Apollo Client says, whichever of its classes it is of. */
export function failureOf(error: unknown): Failure {
  const extensions = CombinedGraphQLErrors.is(error) ? error.errors[0]?.extensions : undefined;
  const code = extensions?.['code'];
  if (typeof code !== 'string' || !Object.hasOwn(ErrorCode, code)) return { code: 'UNREACHABLE', action: 'RETRY' };
  return { action: 'NONE', ...extensions } as Failure;
}

/** Whether Latchkey has answered, be it with a refusal. What a proxy says in its place tells nothing. */
export const isAnswer = (error: unknown): boolean => failureOf(error).code !== 'UNREACHABLE';

/** Whether what was asked for may have been done although it failed: no answer came, or it broke off on the server. */
export const mayBeDone = (error: unknown): boolean =>
  ['UNREACHABLE', 'SERVICE_UNAVAILABLE', 'INTERNAL_SERVER_ERROR'].includes(failureOf(error).code);

/** Something else than Latchkey, such as a proxy, has answered in its place. `failureOf` says `UNREACHABLE`. */
export const noAnswer = (): Error => new Error('What came back is no answer of Latchkey.');

/** @throws Error where something else came back than the result of an operation */
export function assertAnswer(result: unknown): void {
  if (!isObject(result) || Array.isArray(result)) throw noAnswer();
  const errors = 'errors' in result ? (result.errors ?? []) : [];
  if (!Array.isArray(errors) || !errors.every(isObject)) throw noAnswer();
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** What the errors of an answer say of the one who asked: signed in too long ago (`REFRESH`), or not at all (`LOGIN`). */
export interface Refusal {
  readonly action: 'REFRESH' | 'LOGIN';
  readonly reason: ErrorReason;
}

/** Null for every other error: `INVALID_CREDENTIALS`, for one, is about what was typed and not about the session. */
export function refusalIn(errors: readonly { extensions?: Record<string, unknown> }[] = []): Refusal | null {
  for (const { extensions } of errors) {
    if (extensions?.['code'] !== 'UNAUTHENTICATED') continue;
    if (extensions['action'] === 'REFRESH' || extensions['action'] === 'LOGIN') return extensions as unknown as Refusal;
  }
  return null;
}

/** What an operation fails with when the user who began it is not signed in any more, and what became of it. */
export const signedOutMeanwhile = (
  outcome: 'this was not sent' | 'the answer was not for them',
): CombinedGraphQLErrors =>
  new CombinedGraphQLErrors({
    errors: [
      {
        message: `Somebody else is signed in now, or nobody: ${outcome}.`,
        extensions: { code: 'UNAUTHENTICATED', reason: 'SESSION_REVOKED', action: 'LOGIN' },
      },
    ],
  });
