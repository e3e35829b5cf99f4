import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { Audience } from '../harness/audience.ts';
import { figure, type Findings, spread } from '../harness/report.ts';
import { me } from '../harness/scenarios.ts';
import type { Server } from '../harness/server.ts';
import { Samples } from '../harness/statistics.ts';
import type { Workshop } from '../harness/workshop.ts';

const REQUESTS = 500;
const WARM_UP = 3 * REQUESTS;
const ROUNDS = 5;
const PARALLEL = 16;

interface Asked {
  readonly path: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A server that others made, as it comes. */
interface Peer {
  readonly name: string;
  /** Below `bench/peers/`. */
  readonly folder: string;
  /** Where it can be asked whether it is there. */
  readonly path: string;
  /** Somebody signs in. @returns how they ask who they are */
  signIn(server: Server): Promise<Asked>;
}

const json = { 'content-type': 'application/json' };

const betterAuth: Peer = {
  name: 'Better Auth: get-session',
  folder: 'better-auth',
  path: '/ready',
  async signIn({ url }) {
    const account = { email: 'user@bench.example', password: 'correct horse battery', name: 'User' };
    const signUp = new URL('/api/auth/sign-up/email', url);
    const { headers, body } = await request(signUp, { method: 'POST', headers: json, body: JSON.stringify(account) });
    await body.dump();
    const cookies = [headers['set-cookie'] ?? []].flat().map((line) => line.split(';', 1)[0]);
    return { path: '/api/auth/get-session', method: 'GET', headers: { cookie: cookies.join('; ') } };
  },
};

const vendure: Peer = {
  name: 'Vendure: me',
  folder: 'vendure',
  path: '/admin-api',
  async signIn({ url }) {
    const login = {
      query: 'mutation { login(username: "superadmin", password: "correct horse battery") { __typename } }',
    };
    const { headers, body } = await request(url, { method: 'POST', headers: json, body: JSON.stringify(login) });
    await body.dump();
    const authorization = `Bearer ${String(headers['vendure-auth-token'])}`;
    return {
      path: '/admin-api',
      method: 'POST',
      headers: { ...json, authorization },
      body: JSON.stringify({ query: '{ me { id identifier } }' }),
    };
  },
};

/** What the like of `me` costs elsewhere. Downloads the others to the workshop: no lock file of ours knows of them. */
export async function measurePeers(workshop: Workshop, ours: Audience): Promise<Findings> {
  const peers = [];
  for (const peer of [betterAuth, vendure]) {
    const server = await workshop.start(installed(workshop, peer));
    const ask = asking(server, await peer.signIn(server));
    await ask(WARM_UP);
    peers.push({ name: peer.name, server, ask, cpuMs: [] as number[] });
  }
  const own: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    own.push(await ours.cpuPerRequest(me));
    for (const { server, ask, cpuMs } of peers) {
      const before = await server.cpuMs();
      await ask(REQUESTS);
      cpuMs.push(((await server.cpuMs()) - before) / REQUESTS);
    }
  }
  const name = ours.server.name;
  const found = peers.map((peer) => ({ name: peer.name, samples: new Samples(peer.cpuMs) }));
  return {
    tables: [
      {
        title: 'Others',
        head: ['CPU for each request', '', `against ${name}`],
        rows: [
          [`${name}: me`, `${figure(new Samples(own).median)} ms`, ''],
          ...found.map((it) => [it.name, `${figure(it.samples.median)} ms`, spread(it.samples.per(new Samples(own)))]),
        ],
      },
    ],
    targets: [],
    medians: Object.fromEntries(found.map((it) => [`cpu ms: ${it.name}`, it.samples.median])),
  };
}

function installed(workshop: Workshop, { name, folder, path }: Peer) {
  const home = join(workshop.folder, folder);
  cpSync(fileURLToPath(new URL(`../peers/${folder}`, import.meta.url)), home, { recursive: true });
  execFileSync('npm', ['install', '--no-package-lock', '--no-audit', '--no-fund'], { cwd: home, stdio: 'ignore' });
  const env = { NODE_ENV: 'production' };
  return {
    name,
    path,
    command: (port: number) => ({ args: ['server.mjs', join(home, 'data.sqlite'), String(port)], cwd: home, env }),
  };
}

/** Several ask at a time, until so many requests are answered. */
function asking({ name, url }: Server, { path, ...asked }: Asked): (requests: number) => Promise<void> {
  const dispatcher = new Agent({ connections: PARALLEL });
  const once = async (): Promise<void> => {
    const { statusCode, body } = await request(new URL(path, url), { ...asked, dispatcher });
    const text = await body.text();
    if (statusCode !== 200 || text === 'null' || text.includes('"errors"')) throw new Error(`${name}: ${text}`);
  };
  return async (requests) => {
    const work = async (): Promise<void> => {
      for (let request = 0; request < requests / PARALLEL; request++) await once();
    };
    await Promise.all(Array.from({ length: PARALLEL }, work));
  };
}
