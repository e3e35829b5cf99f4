import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import getPort from 'get-port';
import pidusage from 'pidusage';
import { request } from 'undici';

const START_DEADLINE_MS = 60_000;
const POLL_MS = 5;

const children = new Set<ChildProcess>();
process.once('exit', () => children.forEach((child) => child.kill('SIGKILL')));

/** How a server is started, on whatever port it is given. */
export interface Blueprint {
  readonly name: string;
  command(port: number): {
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
  };
  /** The path of the GraphQL endpoint, or of what stands in for it. */
  readonly path?: string;
}

/** A server as a process of its own, and what the operating system says of it. */
export class Server {
  readonly name: string;
  readonly url: string;
  /** From the start of the process to the first answer, in milliseconds. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  private constructor(name: string, url: string, startMs: number, child: ChildProcess) {
    this.name = name;
    this.url = url;
    this.startMs = startMs;
    this.#child = child;
  }

  /** Resolves when `{ __typename }` is answered. */
  static async start(blueprint: Blueprint): Promise<Server> {
    const port = await getPort({ host: '127.0.0.1' });
    const { args, env, cwd } = blueprint.command(port);
    const started = performance.now();
    const child = spawn(process.execPath, args, {
      cwd,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    children.add(child);
    const complaints = text(child.stderr);
    const url = `http://127.0.0.1:${port}${blueprint.path ?? '/graphql'}`;
    while (!(await answers(url))) {
      if (child.exitCode !== null) throw new Error(`${blueprint.name} ended:\n${await complaints}`);
      if (performance.now() - started > START_DEADLINE_MS) throw new Error(`${blueprint.name} does not answer`);
      await delay(POLL_MS);
    }
    return new Server(blueprint.name, url, performance.now() - started, child);
  }

  /** CPU time of all threads so far, user and system, in milliseconds. The system counts in steps of 10 ms. */
  async cpuMs(): Promise<number> {
    return (await pidusage(this.#pid)).ctime;
  }

  /** Resident memory in bytes. */
  async memory(): Promise<number> {
    return (await pidusage(this.#pid)).memory;
  }

  /** Lets it end by itself: it keeps what it has compiled. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await exited;
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw new Error(`${this.name} is not running`);
    return this.#child.pid;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ __typename }"}',
    });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
