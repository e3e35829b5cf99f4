import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Lane } from '../common/lane.js';
import { networksOf } from '../common/network.js';
import { Accepting } from './accepting.js';

/** Milliseconds of a turn of the event loop after which no further connection is read. Of one, Node reads up to 64 kB at once. */
const TURN_MS = 10;

/** A connection with its handle, whose properties Node's documentation does not name. Without them it never waits. */
type Handled = Socket & { _handle?: { reading: boolean; readStart: () => void; readStop: () => void } | null };

/**
 * Reads connections in turns. Node reads all on which something has come in one turn of the event loop, and takes 2 µs for each part of a body
 * (20 ms for 64 kB in chunks of one byte), so that those of one network would keep all others waiting. When a turn has taken too long, all
 * wait, and networks take turns (docs/adr/0038): one connection of a network is read alone, and then twice as many in each turn of the loop, until
 * they too take too long or none of that network waits.
 */
export class Reading {
  /** Those that do not wait, and their networks, the widest first. */
  private readonly read = new Map<Handled, readonly string[]>();
  /** By their widest network. A map keeps the order in which its keys came: the first one is the next. */
  private readonly waiting = new Map<string, Lane<[Handled, readonly string[]]>>();
  private readonly accepting: Accepting;
  private endOfTurn: number | undefined;
  private untilNext: NodeJS.Immediate | undefined;
  /** The network whose turn it is. */
  private turnOf: string | undefined;
  private room = 1;

  private constructor(server: Server) {
    this.accepting = new Accepting(server);
  }

  /** Of all connections of a server whose bodies are taken as they come. */
  static inTurns(server: Server): void {
    const reading = new Reading(server);
    server.on('connection', (socket) => reading.add(socket));
    server.on('request', (request) => {
      reading.goOn();
      request.on('data', () => reading.goOn());
    });
  }

  private add(socket: Handled): void {
    this.read.set(socket, networksOf(socket.remoteAddress ?? null).toReversed());
    socket.once('close', () => this.read.delete(socket));
    if (this.waiting.size > 0) this.stop(socket);
  }

  /** Called for each part that has been read. */
  private goOn(): void {
    const now = performance.now();
    this.endOfTurn ??= now + TURN_MS;
    this.untilNext ??= setImmediate(() => this.next());
    if (now >= this.endOfTurn) this.stopAll();
  }

  private stopAll(): void {
    // Once in a turn: those that Node itself does not read would be looked at for each part.
    this.endOfTurn = Infinity;
    for (const socket of this.read.keys()) this.stop(socket);
    const { turnOf = '' } = this;
    this.turnOf = undefined;
    const lane = this.waiting.get(turnOf);
    if (!lane) return;
    this.waiting.delete(turnOf);
    this.waiting.set(turnOf, lane);
  }

  private stop(socket: Handled): void {
    const networks = this.read.get(socket);
    if (!networks || !socket._handle?.reading) return;
    socket._handle.readStop();
    this.read.delete(socket);
    const [widest = '', ...narrower] = networks;
    const lane = this.waiting.get(widest) ?? new Lane();
    this.waiting.set(widest, lane);
    lane.add(narrower, [socket, networks]);
  }

  /** The turn that follows. */
  private next(): void {
    this.endOfTurn = undefined;
    const [first] = this.waiting;
    this.untilNext = first && setImmediate(() => this.next());
    if (!first || this.accepting.goesOn()) return;
    const [network, lane] = first;
    this.room = network === this.turnOf ? 2 * this.room : 1;
    this.turnOf = network;
    for (let count = 0; count < this.room; count++) this.readAgain(lane.shift());
    if (lane.size === 0) this.waiting.delete(network);
  }

  private readAgain([socket, networks]: [Handled?, (readonly string[])?] = []): void {
    if (!networks || !socket?._handle?.reading) return;
    socket._handle.readStart();
    this.read.set(socket, networks);
  }
}
