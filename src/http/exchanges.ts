import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';
import { takeParts } from './read-bytes.js';

/** Requests of one connection that come before the answer to the one that is under way. Browsers and proxies send none. */
const MOST_EARLY = 10;
/** Of all connections. One with the longest header takes 20 kB. */
const MOST_EARLY_OF_ALL = 500;

/** A request that is under way on a connection. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  isLast: boolean;
}

/**
 * One request of a connection at a time. Node would begin all that have come (pipelining), mutations too, against RFC 9112 section 9.3.2,
 * and keep their answers in memory. Those that come early are not begun: the connection ends with the answer that is under way, upon which
 * clients send them again on another one (RFC 9112 section 9.3.2).
 */
@Injectable()
export class Exchanges {
  private readonly current = new WeakMap<Duplex, Exchange>();
  private readonly unfinished = new WeakSet<Duplex>();
  private readonly early = new WeakMap<Duplex, number>();
  private earlyOfAll = 0;
  private underWay = 0;

  /** Whether a request is handled, or an answer is sent and has not gone to its end. */
  get areUnderWay(): boolean {
    return this.underWay > 0;
  }

  /** Stands before all that handles requests of a server: no target and no method gets past. */
  standBefore(server: Server): void {
    const handlers = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('request', (request, response) =>
      this.begin(request, response, () => {
        for (const handle of handlers) handle.call(server, request, response);
      }),
    );
  }

  /** Handles a request, unless one of the same connection is under way. */
  private begin(request: IncomingMessage, response: ServerResponse, handle: () => void): void {
    const { socket } = request;
    // Node goes on with what came together with the request that ended the connection.
    if (socket.destroyed) return;
    if (!socket.writable || this.endAfterAnswer(socket)) {
      this.drop(request);
      return;
    }
    this.unfinished.delete(socket);
    this.current.set(socket, { request, response, isLast: false });
    this.underWay += 1;
    // Not kept for longer: an idle connection would hold all that came with its last request.
    response.once('close', () => {
      this.current.delete(socket);
      this.underWay -= 1;
      if (!request.complete) this.unfinished.add(socket);
    });
    handle();
  }

  /** Whether the last request of a connection was answered before it had come to its end. */
  isUnfinished(socket: Duplex): boolean {
    return this.unfinished.has(socket);
  }

  /** What is under way on a connection. */
  of(socket: Duplex): Readonly<Exchange> | undefined {
    return this.current.get(socket);
  }

  /** Ends a connection as soon as the answer is sent that is under way. @returns whether there is one */
  endAfterAnswer(socket: Duplex): boolean {
    const exchange = this.current.get(socket);
    if (!exchange) return false;
    const { request, response, isLast } = exchange;
    exchange.isLast = true;
    if (!isLast && !response.headersSent) response.setHeader('Connection', 'close');
    if (!isLast) response.once('finish', () => request.socket.destroySoon());
    return true;
  }

  private drop(request: IncomingMessage): void {
    const { socket } = request;
    const early = this.early.get(socket) ?? 0;
    if (early === MOST_EARLY || this.earlyOfAll === MOST_EARLY_OF_ALL) {
      socket.destroy();
      return;
    }
    if (early === 0) socket.once('close', () => (this.earlyOfAll -= this.early.get(socket) ?? 0));
    this.early.set(socket, early + 1);
    this.earlyOfAll += 1;
    takeParts(request);
  }
}
