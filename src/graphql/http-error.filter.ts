import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AppError } from '../common/app-error.js';
import { ErrorCode } from '../common/error-codes.js';
import { extensionsOf } from './error-response.js';
import { logFault } from './log-fault.js';
import { RefusalTrail } from './refusal-trail.js';
import { codeOfStatus, publicErrorOf } from './public-error.js';

/** What a client reads when the HTTP layer refuses. Fixed texts: parsers quote the body in theirs. */
const MESSAGES = new Map<number, string>([
  [400, 'The request could not be read.'],
  [404, 'There is nothing at this address.'],
  [405, 'This method is not allowed here.'],
  [406, 'The Accept header excludes JSON, or is too long.'],
  [413, 'The request body is too large, or holds too many values.'],
  [415, 'The charset or encoding of the body is not supported.'],
]);

/** Errors outside of GraphQL, as JSON of the same shape. Express's own HTML pages never leave the server. */
@Catch()
export class HttpErrorFilter implements ExceptionFilter {
  constructor(private readonly refusals: RefusalTrail) {}

  async catch(exception: unknown, host: ArgumentsHost): Promise<unknown> {
    // For a resolver the exception is handed on as it is: `formatError` is the one way out there.
    if (host.getType<'graphql' | 'http'>() === 'graphql') return exception;
    const status = statusOf(exception);
    const error = status < 500 ? refusal(status, exception) : publicErrorOf(exception);
    logFault(error);
    const request = host.switchToHttp().getRequest<Request>();
    // What guards decided. A path that leads nowhere is no decision about anybody.
    if (error.code !== ErrorCode.NOT_FOUND) await this.refusals.refused(error, routeOf(request), request);
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) return response.end();
    const httpStatus = error.code === ErrorCode.SERVICE_UNAVAILABLE ? 503 : status;
    return response.status(httpStatus).json({ errors: [{ message: error.message, extensions: extensionsOf(error) }] });
  }
}

/** HttpException and the errors of Express carry their status; an AppError of a guard stands for 401 or 403. */
function statusOf(exception: unknown): number {
  if (exception instanceof HttpException) return exception.getStatus();
  if (exception instanceof AppError) return STATUS_BY_CODE.get(exception.code) ?? 400;
  const status = typeof exception === 'object' && exception !== null && 'status' in exception ? exception.status : 500;
  return typeof status === 'number' && status >= 400 && status < 600 ? status : 500;
}

const STATUS_BY_CODE = new Map<ErrorCode, number>([
  [ErrorCode.UNAUTHENTICATED, 401],
  [ErrorCode.FORBIDDEN, 403],
  [ErrorCode.NOT_FOUND, 404],
  [ErrorCode.TOO_MANY_REQUESTS, 429],
  [ErrorCode.SERVICE_UNAVAILABLE, 503],
  [ErrorCode.INTERNAL_SERVER_ERROR, 500],
]);

function refusal(status: number, exception: unknown): AppError {
  if (exception instanceof AppError) return exception;
  return new AppError(
    codeOfStatus(status) ?? ErrorCode.BAD_REQUEST,
    MESSAGES.get(status) ?? 'The request was refused.',
  );
}

/** As the controller has it, so that nothing of the address that a client chose gets into the trail. */
function routeOf({ method, route }: Request): string {
  const { path } = (route ?? {}) as { path?: string };
  return `${method} ${path ?? ''}`;
}
