import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Lane } from '../common/lane.js';
import { networksOf } from '../common/network.js';
import { Accepting } from './accepting.js';

/** Milliseconds of a turn of the event loop after which no further connection is read. Of one, Node reads up to 64 kB at once. */
const TURN_MS = 10;

/** A connection with its handle, whose properties Node's documentation does not name. Without them it never waits. */
type Handled = Socket & { _handle?: { reading: boolean; readStart: () => void; readStop: () => void } | null };

/** A connection, and the networks that it comes from, the widest first. */
type Origin = readonly [socket: Handled, networks: readonly string[]];

/**
 * Reads connections in turns. Node reads all on which something has come in one turn of the event loop, and takes 2 µs for each part of a body
 * (20 ms for 64 kB in chunks of one byte), so that those of one network would keep all others waiting. When a turn has taken too long, none
 * is read any more in it. Networks of which something was read in it wait, and take turns (docs/adr/0038); all others, most of which have sent
 * nothing, are read in the next one.
 */
@Injectable()
export class Reading {
  /** With their networks, the widest first; in the order in which they were read last, so that those are the last to be read again. */
  private readonly read = new Map<Handled, readonly string[]>();
  private readonly waiting = new Lane<Origin>();
  /** Those that were stopped before anything of their network was read. */
  private unread: Origin[] = [];
  /** The widest networks of which something was read in this turn. */
  private readonly busy = new Set<string | undefined>();
  /** So many that wait are read in the next turn: one after a turn that took too long, and twice as many after each other one. */
  private room = 1;
  private endOfTurn: number | undefined;
  private untilNext: NodeJS.Immediate | undefined;

  /** Whether there are connections that have not been looked at since they were stopped: they may have sent something. */
  get goesOn(): boolean {
    return this.untilNext !== undefined;
  }

  /** Of all connections of a server whose bodies are taken as they come. */
  inTurns(server: Server): void {
    const accepting = new Accepting(server);
    const next = (): void => this.next(accepting, next);
    server.on('connection', (socket) => this.add(socket));
    server.on('request', (request) => {
      const goOn = (): void => this.goOn(request.socket, next);
      goOn();
      request.on('data', goOn);
    });
  }

  private add(socket: Handled): void {
    const networks = networksOf(socket.remoteAddress ?? null).toReversed();
    this.read.set(socket, networks);
    socket.once('close', () => this.read.delete(socket));
    if (this.waiting.has(networks[0])) this.stop([socket, networks]);
  }

  /** Called for each part that has been read. */
  private goOn(socket: Handled, next: () => void): void {
    const now = performance.now();
    this.endOfTurn ??= now + TURN_MS;
    this.untilNext ??= setImmediate(next);
    this.wasRead(socket);
    if (now < this.endOfTurn) return;
    // Once in a turn: those that Node itself does not read would be looked at for each part.
    this.endOfTurn = Infinity;
    this.room = 1;
    for (const origin of this.read) this.stop(origin);
  }

  private wasRead(socket: Handled): void {
    const networks = this.read.get(socket);
    if (!networks) return;
    this.busy.add(networks[0]);
    this.read.delete(socket);
    this.read.set(socket, networks);
  }

  private stop(origin: Origin): void {
    const [socket, networks] = origin;
    if (!socket._handle?.reading) return;
    socket._handle.readStop();
    this.read.delete(socket);
    if (this.busy.has(networks[0]) || this.waiting.has(networks[0])) this.waiting.add(networks, origin);
    else this.unread.push(origin);
  }

  /** The turn that follows. */
  private next(accepting: Accepting, next: () => void): void {
    this.endOfTurn = undefined;
    this.busy.clear();
    const isIdle = this.waiting.size === 0 && this.unread.length === 0;
    this.untilNext = isIdle ? undefined : setImmediate(next);
    if (isIdle || accepting.goesOn()) return;
    const { unread } = this;
    this.unread = [];
    for (const origin of unread) this.start(origin);
    if (unread.length > 0) return;
    for (let count = 0; count < this.room && this.waiting.size > 0; count++) this.start(this.waiting.shift());
    this.room *= 2;
  }

  private start([socket, networks]: Partial<Origin> = []): void {
    if (!networks || !socket?._handle) return;
    this.read.set(socket, networks);
    if (socket._handle.reading) socket._handle.readStart();
  }
}
