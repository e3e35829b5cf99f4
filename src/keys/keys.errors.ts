import { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';

export const noSuchKey = (): AppError => new AppError(ErrorCode.NOT_FOUND, 'No signing key with this kid is in use.');

export const sharedSecret = (): AppError =>
  new AppError(ErrorCode.CONFLICT, 'With HS256 the key is JWT_SECRET: replace it, and see docs/configuration.md.');
