import type { Request, Response } from 'express';
import { PinoLogger } from 'nestjs-pino';
import { currentRequestId } from '../common/request-id.js';

/** The playground loads some hundred files, and probes come every few seconds. */
const UNLOGGED = /^\/(ide|health)\//;

/** A path of ours is far shorter, and a stranger chooses what is written to the log. */
const MAX_PATH_LENGTH = 2_000;

/**
 * One line for each request, once it is answered or its client has gone: method, path, status and milliseconds. No header
 * and no body, because both carry credentials.
 */
export function requestLogger(): (request: Request, response: Response) => void {
  const logger = PinoLogger.root.child({}, { serializers: { req: asItIs, res: asItIs } });
  return (request, response) => {
    if (UNLOGGED.test(request.url)) return;
    const { method } = request;
    const path = request.path.slice(0, MAX_PATH_LENGTH);
    const started = performance.now();
    const requestId = currentRequestId();
    response.once('close', () => {
      const { statusCode, writableFinished } = response;
      const level = statusCode >= 500 ? 'error' : 'info';
      const facts = {
        requestId,
        req: { method, path },
        res: { statusCode },
        responseTime: Math.round(performance.now() - started),
      };
      logger[level](facts, writableFinished ? 'request completed' : 'request aborted');
    });
  };
}

const asItIs = <T>(value: T): T => value;
