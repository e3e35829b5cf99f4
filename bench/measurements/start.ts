import { figure, type Findings, atMost, spread } from '../harness/report.ts';
import { type Blueprint, Server } from '../harness/server.ts';
import { Samples } from '../harness/statistics.ts';
import { setTimeout as delay } from 'node:timers/promises';

/** How long a server is left alone before its memory is looked at. */
const SETTLE_MS = 3_000;

/** From the start of the process to the first answer, when it was started before; and the memory of one that nobody asks. */
export async function measureStart(ours: Blueprint, floor: Blueprint, rounds: number): Promise<Findings> {
  const blueprints = [ours, floor];
  const times = blueprints.map((): number[] => []);
  const memory: number[] = [];
  for (let round = 0; round <= rounds; round++) {
    for (const [index, blueprint] of blueprints.entries()) {
      const server = await Server.start(blueprint);
      // The first one fills the compile cache.
      if (round > 0) times[index]?.push(server.startMs);
      if (round === rounds) {
        await delay(SETTLE_MS);
        memory[index] = await server.memory();
      }
      await server.stop();
    }
  }
  const [own = new Samples([]), other = new Samples([])] = times.map((it) => new Samples(it));
  const [ownMemory = 0, otherMemory = 0] = memory.map((bytes) => bytes / 1e6);
  const startRatio = own.per(other);
  const memoryRatio = new Samples([ownMemory / otherMemory]);
  return {
    tables: [
      {
        title: 'Start and memory',
        head: ['', ours.name, floor.name, `${ours.name} / ${floor.name}`],
        rows: [
          ['start to first answer', `${figure(own.median)} ms`, `${figure(other.median)} ms`, spread(startRatio)],
          ['memory, idle', `${figure(ownMemory)} MB`, `${figure(otherMemory)} MB`, figure(memoryRatio.median)],
        ],
      },
    ],
    targets: [
      atMost('start to first answer, against bare Apollo', startRatio.median, 1.5),
      atMost('memory idle, against bare Apollo', memoryRatio.median, 1.6),
    ],
    ratios: [
      { name: 'start to first answer, against bare Apollo', samples: startRatio, better: 'less' },
      { name: 'memory idle, against bare Apollo', samples: memoryRatio, better: 'less' },
    ],
    medians: {
      [`start ms: ${ours.name}`]: own.median,
      [`start ms: ${floor.name}`]: other.median,
      [`memory MB, idle: ${ours.name}`]: ownMemory,
      [`memory MB, idle: ${floor.name}`]: otherMemory,
    },
  };
}
