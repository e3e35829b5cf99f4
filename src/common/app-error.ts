import type { ErrorAction, ErrorCode, ErrorReason } from './error-codes.js';

/** One rejected input field: `path` from the argument's root (`input.email`), `message` without the value. */
export interface FieldProblem {
  path: string;
  message: string;
}

/** The user and session that an error is about. */
export interface ErrorSubject {
  readonly userId: string;
  readonly sessionId: string;
  /** Who acts as the user in the session. Absent: the user. */
  readonly impersonatorId?: string;
}

export interface AppErrorDetails {
  reason?: ErrorReason;
  action?: ErrorAction;
  /** Seconds after which a retry makes sense. */
  retryAfter?: number;
  fields?: FieldProblem[];
  /** For the log alone; never leaves the server. */
  cause?: unknown;
  /** For the audit trail alone. */
  subject?: ErrorSubject;
}

/**
 * The only error whose message a client may read. Everything else that is thrown is masked as
 * `INTERNAL_SERVER_ERROR` by the formatter, so a message here must name fields and never their values.
 */
export class AppError extends Error {
  readonly reason: ErrorReason | undefined;
  readonly action: ErrorAction | undefined;
  readonly retryAfter: number | undefined;
  readonly fields: FieldProblem[] | undefined;
  readonly subject: ErrorSubject | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    details: AppErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.name = 'AppError';
    this.reason = details.reason;
    this.action = details.action;
    this.retryAfter = details.retryAfter;
    this.fields = details.fields;
    this.subject = details.subject;
  }
}
