// Jest's global set-up loads this file with Node's own type stripping: it imports packages, and files of this kind by
// their `.ts` name, and keeps to erasable syntax.
import { Redis } from 'ioredis';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

const START_DEADLINE_MS = 10_000;
const POLL_MS = 20;

/** A Redis of one's own on a free port of 127.0.0.1, which keeps nothing on disk: a test may stop, kill and restart it. */
export class RedisServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), 'latchkey-redis-'));
  readonly #settings: readonly string[];
  readonly #isSentinel: boolean;
  #process: ChildProcess | undefined;

  private constructor(port: number, settings: readonly string[], isSentinel: boolean) {
    this.port = port;
    this.#settings = settings;
    this.#isSentinel = isSentinel;
    process.on('exit', this.#removeNow);
  }

  /** @param settings lines of `redis.conf` */
  static async create(settings: readonly string[] = [], isSentinel = false): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), settings, isSentinel);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it on the port that it had, empty, and resolves when it answers. */
  async start(): Promise<void> {
    const config = join(this.#folder, 'redis.conf');
    const lines = [`port ${this.port}`, 'bind 127.0.0.1', `dir ${this.#folder}`, ...this.#settings];
    writeFileSync(config, [...lines, ...(this.#isSentinel ? [] : ['save ""', 'appendonly no'])].join('\n'));
    this.#process = spawn('redis-server', [config, ...(this.#isSentinel ? ['--sentinel'] : [])], { stdio: 'ignore' });
    const deadline = performance.now() + START_DEADLINE_MS;
    while (!(await this.#answers())) {
      if (performance.now() > deadline) throw new Error('The throw-away Redis does not answer');
      await delay(POLL_MS);
    }
  }

  /** As a crash would end it: nothing that it held is left. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  /** Connections stay open, and nothing is answered any more. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** One command of an operator. @param db the number of the database */
  async command(db: number, name: string, ...args: (string | number)[]): Promise<unknown> {
    const client = new Redis(this.port, '127.0.0.1', { db });
    try {
      return await client.call(name, ...args);
    } finally {
      client.disconnect();
    }
  }

  /** Stops it and deletes its folder. */
  async remove(): Promise<void> {
    await this.kill();
    this.#removeNow();
  }

  readonly #removeNow = (): void => {
    process.off('exit', this.#removeNow);
    this.#process?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  };

  async #answers(): Promise<boolean> {
    const client = new Redis(this.port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.ping();
      return true;
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  }
}
