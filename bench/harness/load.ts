import { linearRegression } from 'simple-statistics';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Keeps `parallel` askers busy for a while.
 *
 * @returns answers a second: the slope of the line through all answers, for they come in bursts
 */
export async function closedLoopFor(
  parallel: number,
  seconds: number,
  ask: (asker: number) => Promise<unknown>,
): Promise<number> {
  const answered: number[] = [];
  const end = performance.now() + seconds * 1000;
  const work = async (asker: number) => {
    while (performance.now() < end) {
      await ask(asker);
      answered.push(performance.now());
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, asker) => work(asker)));
  // What is answered after the end is no longer asked for by as many.
  const within = answered.filter((at) => at <= end);
  return linearRegression(within.map((at, index) => [at / 1000, index])).m;
}

/**
 * Asks at a steady rate, whether answers have come or not, so that a server that stalls is seen by all who would have
 * waited.
 *
 * @returns how long each answer took, in milliseconds
 */
export async function openLoop(
  ratePerSecond: number,
  seconds: number,
  ask: (index: number) => Promise<unknown>,
): Promise<number[]> {
  const started = performance.now();
  const answers = Array.from({ length: ratePerSecond * seconds }, async (_, index) => {
    await delay(Math.max(0, started + (index * 1000) / ratePerSecond - performance.now()));
    const asked = performance.now();
    await ask(index);
    return performance.now() - asked;
  });
  return Promise.all(answers);
}
