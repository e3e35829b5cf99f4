import type { AsyncCommand } from 'fast-check';
import { nothingWorks } from './invariants.js';
import type { Model } from './model.js';
import type { World } from './world.js';

export type Step = AsyncCommand<Model, World>;

/**
 * One act of one of them. After each, what the thief has just lost is tried at once: much of it ends by itself later. A
 * device does not, and takes many guesses to try: that is done at the end.
 */
export function step(
  name: string,
  isPossible: (model: Model) => boolean,
  act: (model: Model, world: World) => Promise<void>,
): Step {
  return {
    check: isPossible,
    async run(model, world) {
      const before = model.lost.length;
      await act(model, world);
      const lost = model.lost.slice(before).filter(({ kind }) => kind !== 'device');
      await nothingWorks(lost, model, world);
    },
    toString: () => name,
  };
}

/** One right after the other, as a program does it. */
export function atOnce(name: string, ...steps: readonly [Step, ...Step[]]): Step {
  return {
    check: (model) => steps[0].check(model),
    async run(model, world) {
      for (const next of steps) if (next.check(model)) await next.run(model, world);
    },
    toString: () => name,
  };
}
