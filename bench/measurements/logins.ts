import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Agent } from 'undici';
import type { Audience } from '../harness/audience.ts';
import { Refusal, Visitor } from '../harness/client.ts';
import { BCRYPT_COST } from '../harness/data.ts';
import { closedLoopFor, openLoop } from '../harness/load.ts';
import { atLeast, atMost, figure, type Findings, type Ratio, spread } from '../harness/report.ts';
import { me } from '../harness/scenarios.ts';
import type { Server } from '../harness/server.ts';
import { Samples } from '../harness/statistics.ts';

const SECONDS = 8;
const PARALLEL = [8, 64] as const;
const RAW_BCRYPT = fileURLToPath(new URL('../floors/raw-bcrypt.ts', import.meta.url));

/** Of `me`, while logins go on; and for how long, so that one in a hundred is more than a few. */
const RATE = 50;
const STORM_SECONDS = 15;

const run = promisify(execFile);

/** Logins a second against what bcrypt alone can do, in turns. */
export async function measureLogins(server: Server, rounds: number): Promise<Findings> {
  const rows: string[][] = [];
  const targets = [];
  const ratios: Ratio[] = [];
  const medians: Record<string, number> = {};
  for (const parallel of PARALLEL) {
    const raw: number[] = [];
    const logins: number[] = [];
    let refused = 0;
    for (let round = 0; round < rounds; round++) {
      raw.push(await rawBcrypt(parallel));
      logins.push(await loginsPerSecond(server, parallel, () => refused++));
    }
    const ratio = new Samples(logins).per(new Samples(raw));
    const [own, limit] = [new Samples(logins).median, new Samples(raw).median];
    rows.push([`${parallel} parallel`, figure(own), figure(limit), spread(ratio), String(refused)]);
    const name = `logins a second, ${parallel} parallel, against bcrypt alone`;
    targets.push(atLeast(name, ratio.median, 0.95));
    ratios.push({ name, samples: ratio, better: 'more' });
    medians[`logins a second, ${parallel} parallel`] = own;
    medians[`bcrypt hashes a second, ${parallel} parallel`] = limit;
  }
  const head = ['logins a second', server.name, 'bcrypt alone', 'ratio', 'told to come back later'];
  return { tables: [{ title: `Logins (bcrypt cost ${BCRYPT_COST})`, head, rows }], targets, ratios, medians };
}

/** How long `me` takes while nothing else goes on, and while 64 people log in at once, over and over. */
export async function measureStorm(audience: Audience): Promise<Findings> {
  const { server, visitors } = audience;
  const askMe = async (index: number) => {
    const visitor = visitors[index % visitors.length];
    if (visitor) await me.ask(visitor);
  };
  await openLoop(RATE, 2, askMe);
  const idle = new Samples(await openLoop(RATE, STORM_SECONDS, askMe));
  const storm = loginsPerSecond(server, 64, () => undefined, STORM_SECONDS + 3);
  await delay(2_000);
  const busy = new Samples(await openLoop(RATE, STORM_SECONDS, askMe));
  await storm;
  const [idle99, busy99] = [idle.quantile(0.99), busy.quantile(0.99)];
  const row = (name: string, samples: Samples) => [
    name,
    ...[0.5, 0.99].map((it) => `${figure(samples.quantile(it))} ms`),
  ];
  return {
    tables: [
      {
        title: `Latency of me, ${RATE} a second`,
        head: [server.name, 'p50', 'p99'],
        rows: [row('idle', idle), row('64 parallel logins', busy)],
      },
    ],
    targets: [
      atMost('p99 of me during logins, against idle', busy99 / idle99, 3),
      atMost('p99 of me during logins, ms', busy99, 50),
    ],
    medians: { 'p99 ms of me, idle': idle99, 'p99 ms of me, during logins': busy99 },
  };
}

async function rawBcrypt(parallel: number): Promise<number> {
  const { stdout } = await run(process.execPath, [RAW_BCRYPT, String(BCRYPT_COST), String(parallel), String(SECONDS)]);
  return Number(stdout);
}

/** Whoever is told to come back later does so. */
async function loginsPerSecond(
  server: Server,
  parallel: number,
  onRefused: () => void,
  seconds = SECONDS,
): Promise<number> {
  const agent = new Agent({ connections: parallel });
  const visitors = Array.from({ length: parallel }, (_, index) => new Visitor(server, agent, 100 + index));
  const logIn = async (visitor: Visitor | undefined): Promise<void> => {
    for (;;) {
      try {
        return await visitor?.login();
      } catch (error) {
        if (!(error instanceof Refusal) || !error.isTemporary) throw error;
        onRefused();
        await delay(1_000);
      }
    }
  };
  const perSecond = await closedLoopFor(parallel, seconds, (asker) => logIn(visitors[asker]));
  await agent.close();
  return perSecond;
}
