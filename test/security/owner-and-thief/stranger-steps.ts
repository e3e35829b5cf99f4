import { refusalOf } from '../../support/refusals.js';
import { Violation } from './invariants.js';
import type { Model } from './model.js';
import type { Answer, Asked, Person } from './person.js';
import { type Step, step } from './step.js';
import type { World } from './world.js';

const PASSWORD = 'what a stranger makes up';

/**
 * What anybody can send about an address: the same for that of the owner and for one that nobody has. Where sign-ups tell
 * who has an account, they are left out (SECURITY.md).
 */
function asStranger(name: string, act: (stranger: Person, address: string) => Promise<Answer>, isSignup = false): Step {
  return step(
    `stranger ${name}`,
    ({ isConfirmationRequired }) => isConfirmationRequired || !isSignup,
    async (model, world) => {
      const { home } = model;
      const theirs = await act(world.stranger, home);
      const nobodys = await act(world.stranger, world.free);
      if (isSignup && !model.account) {
        model.made('thief');
        model.thief.passwords.push(PASSWORD);
      }
      const [one, other] = [shapeOf(theirs, home), shapeOf(nobodys, world.free)];
      // Mails are counted for each address, whoever asks and whether anybody has it.
      const isCounted = [one, other].includes('TOO_MANY_REQUESTS');
      if (!isCounted && one !== other)
        throw new Violation(`a stranger learns nothing of an address, but: ${one} is not ${other}`);
    },
  );
}

function shapeOf(answer: Answer, address: string): string {
  return refusalOf(answer) ?? answer.text.replaceAll(address, 'ADDRESS');
}

export const signsUp = asStranger('signs up', (stranger, address) => stranger.signup(address, PASSWORD), true);
export const logsIn = asStranger('logs in', (stranger, address) => stranger.login(address, PASSWORD));
export const asks = (purpose: Asked): Step =>
  asStranger(`asks for a ${purpose} link`, (stranger, address) => stranger.ask(purpose, address));

export const timePasses = (seconds: number): Step =>
  step(
    `${String(seconds / 60)} minutes pass`,
    () => true,
    async (_: Model, world: World) => {
      // The server sends what waits within a second, and not when somebody looks.
      await world.deliver();
      world.time.advance(seconds);
    },
  );

/** Instances differ by so much, and one is set right now and then. */
export const clockGoesBack = (seconds: number): Step =>
  step(
    `the clock goes back by ${String(seconds)} seconds`,
    () => true,
    async (_: Model, world: World) => {
      await world.deliver();
      world.time.advance(-seconds);
    },
  );
