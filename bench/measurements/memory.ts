import type { Audience } from '../harness/audience.ts';
import { atMost, figure, type Findings } from '../harness/report.ts';
import { me } from '../harness/scenarios.ts';

const SOME = 50_000;
const MANY = 200_000;

/** Memory after many requests, and after four times as many: the difference would be a leak. */
export async function measureMemory(ours: Audience, floor: Audience): Promise<Findings> {
  const after = async (audience: Audience, requests: number): Promise<number> => {
    await audience.ask({ ...me, requests });
    return (await audience.server.memory()) / 1e6;
  };
  const floorMemory = await after(floor, SOME);
  const some = await after(ours, SOME);
  const many = await after(ours, MANY - SOME);
  const name = ours.server.name;
  return {
    tables: [
      {
        title: 'Memory under load',
        head: ['', name, floor.server.name],
        rows: [
          [`after ${SOME} requests`, `${figure(some)} MB`, `${figure(floorMemory)} MB`],
          [`after ${MANY} requests`, `${figure(many)} MB`, ''],
        ],
      },
    ],
    targets: [atMost(`memory after ${MANY} requests, against after ${SOME}`, many / some, 1.05)],
    medians: {
      [`memory MB, after ${SOME}: ${name}`]: some,
      [`memory MB, after ${MANY}: ${name}`]: many,
      [`memory MB, after ${SOME}: ${floor.server.name}`]: floorMemory,
    },
  };
}
