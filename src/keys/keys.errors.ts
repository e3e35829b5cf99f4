import { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';

export const noSuchKey = (): AppError => new AppError(ErrorCode.NOT_FOUND, 'No signing key with this kid is in use.');

export const unopenedKeys = (): AppError =>
  new AppError(
    ErrorCode.CONFLICT,
    'No configured secret opens a signing key of this database: is JWT_SECRET the one of the servers? Nothing was done.',
  );

export const stillInUse = (kid: string): AppError =>
  new AppError(
    ErrorCode.CONFLICT,
    `Signing key ${kid} is in use again: its row was written to since it was revoked. Find out who writes to the database.`,
  );

export const sharedSecret = (): AppError =>
  new AppError(ErrorCode.CONFLICT, 'With HS256 the key is JWT_SECRET: replace it, and see docs/configuration.md.');
