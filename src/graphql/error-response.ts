import type { AppError } from '../common/app-error.js';
import type { ErrorAction, ErrorCode, ErrorReason } from '../common/error-codes.js';
import type { FieldProblem } from '../common/app-error.js';
import { currentRequestId } from '../common/request-id.js';

/** All that `extensions` ever holds, in every environment. */
export interface ErrorExtensions {
  code: ErrorCode;
  reason?: ErrorReason;
  action?: ErrorAction;
  /** Seconds. */
  retryAfter?: number;
  fields?: FieldProblem[];
  requestId?: string;
}

export function extensionsOf(error: AppError): ErrorExtensions {
  const { code, reason, action, retryAfter, fields } = error;
  return withoutAbsent({ code, reason, action, retryAfter, fields, requestId: currentRequestId() });
}

export function withoutAbsent(extensions: { [K in keyof ErrorExtensions]: ErrorExtensions[K] | undefined }) {
  return Object.fromEntries(
    Object.entries(extensions).filter(([, value]) => value !== undefined),
  ) as unknown as ErrorExtensions;
}
