import { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';

export const unopenedChain = (): AppError =>
  new AppError(
    ErrorCode.CONFLICT,
    'No configured secret opens the audit trail of this database: is JWT_SECRET the one of the servers? Nothing was done.',
  );
