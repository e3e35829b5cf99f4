import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Size, seedPostgres, seedSqlite } from './data.ts';
import { type Deployment, latchkey, migrate } from './latchkey.ts';
import { createDatabase, PostgresServer, RedisServer } from './postgres.ts';
import { type Blueprint, Server } from './server.ts';

/** Everything that a run of the benchmark makes, in one folder, and how to be rid of it. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'));
  readonly #leftovers: (() => Promise<unknown>)[] = [];

  constructor() {
    process.once('exit', () => rmSync(this.folder, { recursive: true, force: true }));
  }

  /** A SQLite file with tables and data. @returns its path */
  async sqlite(name: string, size: Size, cost?: number): Promise<string> {
    const file = join(this.folder, `${name}.sqlite`);
    migrate(`sqlite:${file}`, this.folder);
    await seedSqlite(file, size, cost);
    return file;
  }

  copyOf(file: string, name: string): string {
    const copy = join(this.folder, `${name}.sqlite`);
    copyFileSync(file, copy);
    return copy;
  }

  async postgres(): Promise<PostgresServer> {
    const server = await PostgresServer.create();
    this.#leftovers.push(() => server.remove());
    return server;
  }

  /** @returns the URL of a database with tables and data */
  async database(server: PostgresServer, name: string, size: Size, cost?: number): Promise<string> {
    const url = await createDatabase(server, name);
    migrate(url, this.folder);
    await seedPostgres(url, size, cost);
    return url;
  }

  async redis(): Promise<RedisServer> {
    const server = await RedisServer.create();
    this.#leftovers.push(() => server.remove());
    return server;
  }

  latchkey(deployment: Omit<Deployment, 'folder'>): Blueprint {
    return latchkey({ ...deployment, folder: this.folder });
  }

  async start(blueprint: Blueprint): Promise<Server> {
    const server = await Server.start(blueprint);
    this.#leftovers.push(() => server.stop());
    return server;
  }

  /** Ends all that runs. */
  async clear(): Promise<void> {
    for (const end of this.#leftovers.splice(0).reverse()) await end();
  }
}
