import { cpuUsage, memoryUsage } from 'node:process';

export interface Cost {
  /** CPU of this process for one request, client and server together: the least of several. Milliseconds. */
  cpuMs: number;
  /** By how much all the requests have made the process grow. Bytes. */
  growth: number;
}

const ROUNDS = 9;

/**
 * What a request costs. CPU time and not time on the clock, because other programs run on the machine too; the least of
 * several, because those that share a core with us make even that longer.
 */
export async function costOf(request: () => Promise<unknown>): Promise<Cost> {
  // The first ones compile code.
  for (let round = 0; round < 3; round++) await request();
  const before = memoryUsage().rss;
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = cpuUsage();
    await request();
    const { user, system } = cpuUsage(start);
    times.push((user + system) / 1000);
  }
  return { cpuMs: Math.min(...times), growth: memoryUsage().rss - before };
}
