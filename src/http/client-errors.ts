import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { ErrorCode } from '../common/error-codes.js';
import type { Env } from '../config/env.js';
import { ALLOWED_METHODS } from './allowed-requests.js';
import type { Exchanges } from './exchanges.js';
import { securityHeaderLines } from './security-headers.js';

/** What Node found before there was a request to answer; everything else is a malformed one. */
const STATUS_BY_ERROR = new Map<string | undefined, string>([
  ['HPE_HEADER_OVERFLOW', '431 Request Header Fields Too Large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', '408 Request Timeout'],
]);

/** So long a client may take to read the refusal before the connection is gone. Who is still writing then would not see it. */
const CLOSING_MS = 1_000;

/**
 * Answers what is not even HTTP with JSON too, and closes the connection (ASVS 4.2). What Node would refuse by itself, without a header of
 * ours, is refused where other requests are (`allowed-requests.ts`), or answered like them: an expectation may be left unmet (RFC 9110
 * section 10.1.1).
 */
export function answerClientErrors(server: Server, env: Pick<Env, 'isProduction'>, exchanges: Exchanges): void {
  const headers = ['Connection: close', 'Content-Type: application/json; charset=utf-8', ...securityHeaderLines(env)];
  // Who has sent a request may say that no further one comes (RFC 9112 section 9.6). Node's types know neither.
  Object.assign(server, { requireHostHeader: false, httpAllowHalfOpen: true });
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.on('connect', (_request, socket) => {
    // Node lets go of a connection that could become a tunnel.
    socket.on('error', () => socket.destroy());
    if (exchanges.endAfterAnswer(socket)) return;
    if (exchanges.isUnfinished(socket)) socket.destroy();
    else refuse(socket, '405 Method Not Allowed', [...headers, `Allow: ${ALLOWED_METHODS}`]);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const exchange = exchanges.of(socket);
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
    } else if (exchange?.request.complete) {
      // What could not be read came behind a request, whose answer has not been sent.
      exchanges.endAfterAnswer(socket);
    } else if (exchange?.response.headersSent || exchanges.isUnfinished(socket)) {
      // One request has one answer.
      socket.destroy();
    } else {
      refuse(socket, STATUS_BY_ERROR.get(error.code) ?? '400 Bad Request', headers);
    }
  });
}

function refuse(socket: Duplex, status: string, headers: readonly string[]): void {
  const body = JSON.stringify({
    errors: [{ message: 'The request could not be read.', extensions: { code: ErrorCode.BAD_REQUEST } }],
  });
  const head = [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${Buffer.byteLength(body)}`].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`);
  // That closes our side alone. A client which keeps its own open would keep all that it has sent in memory.
  setTimeout(() => socket.destroy(), CLOSING_MS).unref();
}
