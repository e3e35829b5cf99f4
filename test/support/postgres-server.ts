// Jest's configuration and global set-up load this file with Node's own type stripping: it imports packages, and files of
// this kind by their `.ts` name, and keeps to erasable syntax.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { freePort } from './free-port.ts';

const USER = 'latchkey';
const START_DEADLINE_MS = 15_000;
const POLL_MS = 50;

/** PostgreSQL's own three ways to stop: wait for clients to leave, disconnect them, or crash and recover at the next start. */
const STOP_SIGNALS = { smart: 'SIGTERM', fast: 'SIGINT', immediate: 'SIGQUIT' } as const;
export type StopMode = keyof typeof STOP_SIGNALS;

/** Nothing in a throw-away folder has to outlive the machine. */
const SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'unix_socket_directories='];

/** ... but what was committed outlives the server, in whatever way it ends. */
const DURABLE = ['synchronous_commit=on'];

/** The folder with PostgreSQL's programs: on the PATH, as `pg_config` says, or where Debian keeps them. */
export function findPostgresBinaries(): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...askPgConfig(), ...debianFolders()];
  return folders.find((folder) => ['initdb', 'pg_ctl', 'postgres'].every((name) => existsSync(join(folder, name))));
}

function askPgConfig(): string[] {
  try {
    return [execFileSync('pg_config', ['--bindir'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()];
  } catch {
    return [];
  }
}

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return [];
  const newestFirst = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return newestFirst.map((version) => join(root, version, 'bin'));
}

/** PostgreSQL refuses to run as root: there it gets the account of Debian's package, or the one without rights. */
function unprivilegedAccount(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const ask = (flag: string, name: string): number =>
    Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  try {
    return { uid: ask('-u', 'postgres'), gid: ask('-g', 'postgres') };
  } catch {
    return { uid: ask('-u', 'nobody'), gid: ask('-g', 'nobody') };
  }
}

/** A PostgreSQL of one's own in a temporary folder, on a free port of 127.0.0.1: a test may stop, kill and restart it. */
export class PostgresServer {
  readonly #binaries: string;
  readonly #folder: string;
  readonly #port: number;
  readonly #settings: readonly string[];
  readonly #account = unprivilegedAccount();
  #process: ChildProcess | undefined;

  private constructor(binaries: string, port: number, settings: readonly string[]) {
    this.#binaries = binaries;
    this.#port = port;
    this.#settings = settings;
    this.#folder = mkdtempSync(join(tmpdir(), 'latchkey-postgres-'));
    process.on('exit', this.#removeNow);
  }

  /** Makes the folder and starts the server. @throws Error where the binaries are missing or the server does not answer */
  static async create({ isDurable = false } = {}): Promise<PostgresServer> {
    const binaries = findPostgresBinaries();
    if (!binaries) throw new Error('PostgreSQL (initdb, postgres) is not installed');
    const server = new PostgresServer(binaries, await freePort(), [...SETTINGS, ...(isDurable ? DURABLE : [])]);
    try {
      server.#initialise();
      await server.start();
    } catch (error) {
      server.#removeNow();
      throw error;
    }
    return server;
  }

  /** Of the administrative database; the account may create others. */
  get url(): string {
    return `postgres://${USER}@127.0.0.1:${this.#port}/postgres`;
  }

  /** Starts the server on the port and the data that it had, and resolves when it answers a query. */
  async start(): Promise<void> {
    const deadline = performance.now() + START_DEADLINE_MS;
    while (!(await this.#answers())) {
      if (performance.now() > deadline) throw new Error('The throw-away PostgreSQL does not answer');
      // A server that was killed leaves children behind for a moment, and the new one ends at once until they are gone.
      this.#process ??= this.#launch();
      await delay(POLL_MS);
    }
  }

  async stop(mode: StopMode = 'fast'): Promise<void> {
    await this.#end(STOP_SIGNALS[mode]);
  }

  /** As a crash of the machine would end it. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async restart(mode: StopMode = 'fast'): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  /** Stops the server and deletes its folder. */
  async remove(): Promise<void> {
    await this.stop('immediate');
    this.#removeNow();
  }

  /** Also what is left to do when the process ends early, where nothing can be awaited. */
  readonly #removeNow = (): void => {
    process.off('exit', this.#removeNow);
    if (this.#process) this.#endNow(this.#process);
    rmSync(this.#folder, { recursive: true, force: true });
  };

  #endNow(child: ChildProcess): void {
    try {
      this.#command('pg_ctl', ['stop', '--mode=immediate', '--wait']);
    } catch {
      // Too young to be found by pg_ctl, and so without children of its own.
      child.kill('SIGKILL');
    }
  }

  #initialise(): void {
    if (this.#account) chownSync(this.#folder, this.#account.uid, this.#account.gid);
    const options = ['--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync', `--username=${USER}`];
    this.#command('initdb', options);
  }

  #command(name: string, options: string[]): void {
    execFileSync(join(this.#binaries, name), [...options, `--pgdata=${this.#folder}`], {
      ...this.#account,
      cwd: this.#folder,
      stdio: 'pipe',
    });
  }

  #launch(): ChildProcess {
    const settings = this.#settings.flatMap((setting) => ['-c', setting]);
    const options = ['-D', this.#folder, '-h', '127.0.0.1', '-p', String(this.#port), ...settings];
    const child = spawn(join(this.#binaries, 'postgres'), options, {
      ...this.#account,
      cwd: this.#folder,
      stdio: 'ignore',
    });
    child.once('exit', () => (this.#process = undefined));
    return child;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }

  async #answers(): Promise<boolean> {
    if (!this.#process) return false;
    const client = new Client({ connectionString: this.url });
    try {
      await client.connect();
      await client.query('SELECT 1');
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
