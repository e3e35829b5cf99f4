import { Logger } from '@nestjs/common';
import type { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';
import { isDatabaseAway } from '../database/outage.js';
import { loggable } from '../logging/safe-error.js';

const logger = new Logger('Fault');

const DATABASE_ADVICE =
  'The database does not answer in time or can not write. Check the server behind DATABASE_URL, its load and its disk.';

/** Logs what the client was not told. Refusals are no faults: they are counted and audited where they are decided. */
export function logFault(error: AppError): void {
  if (error.code === ErrorCode.INTERNAL_SERVER_ERROR) logger.error({ err: loggable(error.cause) }, error.message);
  if (error.code === ErrorCode.SERVICE_UNAVAILABLE) {
    const advice = isDatabaseAway(error.cause) ? DATABASE_ADVICE : error.message;
    logger.warn({ err: loggable(error.cause) }, advice);
  }
}
