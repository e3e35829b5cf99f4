import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import sirv from 'sirv';
import { freePort } from '../../support/free-port.js';

const EXAMPLE = fileURLToPath(new URL('../../../examples/web', import.meta.url));
/** A page that is nothing but the snippet for React of docs/clients.md. */
export const SNIPPET = fileURLToPath(new URL('snippet', import.meta.url));
const VITE = fileURLToPath(new URL('../../../node_modules/vite/bin/vite.js', import.meta.url));

/** The example frontend, or another one, built as for a deployment, on a port of its own. */
export class Frontend {
  private folder: string | undefined;
  private server: Server | undefined;

  private constructor(
    private readonly host: string,
    private readonly port: number,
  ) {}

  /** Nothing is served yet: the server that it is built for wants to know its address first. */
  static async reserve(host: string): Promise<Frontend> {
    return new Frontend(host, await freePort());
  }

  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  async serve(uri: string, transport: string, root = EXAMPLE): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), 'latchkey-example-'));
    const options = ['build', root, '--outDir', this.folder, '--emptyOutDir', '--logLevel', 'warn'];
    const env = { ...process.env, NODE_ENV: 'production', VITE_LATCHKEY_URL: uri, VITE_LATCHKEY_TRANSPORT: transport };
    await promisify(execFile)(process.execPath, [VITE, ...options], { env });
    this.server = createServer(sirv(this.folder, { single: true }));
    const { server, port } = this;
    await new Promise<void>((resolve) => server.listen(port, resolve));
  }

  async stop(): Promise<void> {
    this.server?.closeAllConnections();
    this.server?.close();
    if (this.folder) await rm(this.folder, { recursive: true });
  }
}
