import { DriverException } from '@mikro-orm/core';
import { Logger } from '@nestjs/common';
import type { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';

const logger = new Logger('Fault');

/** Logs what the client was not told. Refusals are no faults: they are counted and audited where they are decided. */
export function logFault(error: AppError): void {
  if (error.code === ErrorCode.INTERNAL_SERVER_ERROR) logger.error({ err: loggable(error.cause) }, error.message);
  if (error.code === ErrorCode.SERVICE_UNAVAILABLE) logger.warn({ err: loggable(error.cause) }, error.message);
}

/** The ORM puts the whole statement with its values, password hashes among them, in front of the driver's message. */
function loggable(cause: unknown): unknown {
  if (!(cause instanceof DriverException)) return cause;
  const message = cause.message.slice(cause.message.lastIndexOf(' - ') + 3);
  const frames = cause.stack?.split('\n').filter((line) => line.trimStart().startsWith('at '));
  return { type: cause.name, code: cause.code, message, stack: frames?.join('\n') };
}
