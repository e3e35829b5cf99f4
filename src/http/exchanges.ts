import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Injectable } from '@nestjs/common';

/** So often a client may send before the answer to what is under way. Browsers and proxies never do. */
const MOST_EARLY = 10;

/** Tells Node's parser to drop the rest of what has come at once: nothing is made of it. Of an upgrade Node says the same. */
const DROP_THE_REST = 2;

/** A request that is under way on a connection. */
interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  isLast: boolean;
}

/** A connection with Node's parser, which its documentation does not name: nothing else stands before what it makes of requests. */
type Parsed = Socket & {
  parser?: { onIncoming: (request: IncomingMessage & { upgrade: boolean }, ...rest: unknown[]) => unknown } | null;
};

/**
 * One request of a connection at a time. Node would begin all that have come (pipelining), mutations too, against RFC 9112 section 9.3.2,
 * and keep their answers in memory. Those that come early are not begun: the connection ends with the answer that is under way, upon which
 * clients send them again on another one (RFC 9112 section 9.3.2).
 */
@Injectable()
export class Exchanges {
  private readonly current = new WeakMap<Duplex, Exchange>();
  private readonly unfinished = new WeakSet<Duplex>();
  private underWay = 0;

  /** Whether a request is handled, or an answer is sent and has not gone to its end. */
  get areUnderWay(): boolean {
    return this.underWay > 0;
  }

  /** Stands before all that handles requests of a server: no target and no method gets past. */
  standBefore(server: Server): void {
    const handlers = server.listeners('request') as RequestListener[];
    server.removeAllListeners('request');
    server.on('connection', (socket) => this.keepEarlyOff(socket));
    server.on('request', (request, response) => {
      this.begin(request, response);
      for (const handle of handlers) handle.call(server, request, response);
    });
  }

  private keepEarlyOff(socket: Parsed): void {
    const { parser } = socket;
    if (!parser) {
      // Of a Node that has it elsewhere: nothing would keep early requests off.
      socket.destroy();
      return;
    }
    const { onIncoming } = parser;
    let early = 0;
    parser.onIncoming = (request, ...rest) => {
      // Node also goes on with what came together with a request that ended the connection.
      if (!socket.destroyed && socket.writable && !this.endAfterAnswer(socket)) return onIncoming(request, ...rest);
      early += 1;
      if (early > MOST_EARLY) socket.destroy();
      request.upgrade = false;
      return DROP_THE_REST;
    };
  }

  private begin(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.unfinished.delete(socket);
    this.current.set(socket, { request, response, isLast: false });
    this.underWay += 1;
    // Not kept for longer: an idle connection would hold all that came with its last request.
    response.once('close', () => {
      this.current.delete(socket);
      this.underWay -= 1;
      if (!request.complete) this.unfinished.add(socket);
    });
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
}
