import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ErrorCode } from '../common/error-codes.js';
import type { Env } from '../config/env.js';
import { securityHeaderLines } from './security-headers.js';

/** What Node found before there was a request to answer; everything else is a malformed one. */
const STATUS_BY_ERROR = new Map<string | undefined, string>([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** Answers what is not even HTTP with JSON too, and closes the connection (ASVS 4.2). */
export function answerClientErrors(server: Server, env: Pick<Env, 'isProduction'>): void {
  const headers = ['Connection: close', 'Content-Type: application/json; charset=utf-8', ...securityHeaderLines(env)];
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return;
    const body = JSON.stringify({
      errors: [{ message: 'The request could not be read.', extensions: { code: ErrorCode.BAD_REQUEST } }],
    });
    const status = STATUS_BY_ERROR.get(error.code) ?? '400 Bad Request';
    const head = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n');
    socket.end(`${head}\r\n\r\n${body}`);
  });
}
