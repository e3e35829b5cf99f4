import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './free-port.js';
import { type CallOptions, callGraphQL, type GraphQLAnswer } from './graphql-client.js';
import { COMPILE_CACHE, program } from './run-program.js';

const START_DEADLINE_MS = 30_000;
const POLL_MS = 50;

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

/** What npm itself needs. */
const NPM_ENV = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

const DEFAULTS = {
  ...COMPILE_CACHE,
  NODE_ENV: 'test',
  LOG_LEVEL: 'silent',
  BCRYPT_COST: '4',
  RATE_LIMITS_ENABLED: 'false',
  NEW_DEVICE_NOTICE: 'false',
};

export interface ServerProcessOptions {
  /** On top of what keeps a test fast and silent. Nothing of this process's own environment comes along. */
  env?: Record<string, string>;
  /** The text of the `.env` file that the process finds. */
  envFile?: string;
  /** Started by `npm start`, as the process group that a terminal would make of it. */
  byNpm?: boolean;
}

/** The built server as a process of its own, in a folder of its own, that a test may kill and start again. */
export class ServerProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'latchkey-server-'));
  readonly #port: number;
  readonly #metricsPort: number;
  readonly #env: Record<string, string>;
  readonly #byNpm: boolean;
  #child: ChildProcess | undefined;
  #output = '';

  private constructor(port: number, metricsPort: number, { env, byNpm = false }: ServerProcessOptions) {
    this.#port = port;
    this.#metricsPort = metricsPort;
    const ports = { PORT: String(port), METRICS_ENABLED: 'true', METRICS_PORT: String(metricsPort) };
    this.#env = { ...DEFAULTS, ...ports, ...env };
    this.#byNpm = byNpm;
    process.on('exit', this.#removeNow);
  }

  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort(), await freePort(), options);
    if (options.envFile !== undefined) writeFileSync(join(server.#folder, '.env'), options.envFile, { mode: 0o600 });
    try {
      await server.start();
    } catch (error) {
      await server.remove();
      throw error;
    }
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** All that its runs have written so far: to standard output and to standard error. */
  get output(): string {
    return this.#output;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Resolves when the server answers. On the port that it had. */
  async start(): Promise<void> {
    const child = this.#byNpm
      ? spawn('npm', ['start'], { cwd: PROJECT, env: { ...NPM_ENV, ...this.#env }, stdio: 'pipe', detached: true })
      : spawn(process.execPath, [program.server], { cwd: this.#folder, env: this.#env, stdio: 'pipe' });
    this.#child = child;
    const ended = new AbortController();
    child.once('close', () => ended.abort());
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (this.#output += String(text)));
    const deadline = performance.now() + START_DEADLINE_MS;
    while (!(await this.#answers())) {
      if (ended.signal.aborted || performance.now() > deadline)
        throw new Error(`The server does not answer:\n${this.#output}`);
      await delay(POLL_MS);
    }
  }

  call<T = Record<string, unknown>>(
    query: string,
    variables?: Record<string, unknown>,
    options?: CallOptions,
  ): Promise<GraphQLAnswer<T>> {
    return callGraphQL<T>(this.url, query, variables, options);
  }

  /** What Prometheus would scrape. */
  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#metricsPort}/metrics`)).text();
  }

  /** To the process, or to each of its group, as Ctrl-C does it. To none that has ended. */
  send(signal: NodeJS.Signals): void {
    const child = this.#child;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    if (this.#byNpm) process.kill(-child.pid, signal);
    else child.kill(signal);
  }

  /** Ends the process as `kill -9` does, or with another signal, and resolves to its exit code when it is gone. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (!child) return null;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      this.send(signal);
      await exited;
    }
    return child.exitCode;
  }

  /** Kills the process and deletes its folder. */
  async remove(): Promise<void> {
    await this.kill();
    this.#removeNow();
  }

  /** Also what is left to do when the tests end early, where nothing can be awaited. */
  readonly #removeNow = (): void => {
    process.off('exit', this.#removeNow);
    this.send('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  };

  async #answers(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/.well-known/jwks.json`)).ok;
    } catch {
      return false;
    }
  }
}
