import { WRONG_PASSWORDS } from '../../../src/throttle/limits.js';
import { refusalOf } from '../../support/refusals.js';
import type { Lost, Model } from './model.js';
import { isDone, tokensOf } from './person.js';
import type { World } from './world.js';

/** A promise that does not hold. */
export class Violation extends Error {}

/** How often each promise was put to the test: what nothing asks for holds without meaning anything. */
export const asked = new Map<string, number>();

/** Tries what the thief has lost. */
export async function nothingWorks(losses: readonly Lost[], model: Model, world: World): Promise<void> {
  for (const lost of losses) {
    const promise = `after ${lost.since} no ${nameOf(lost)} of the thief works`;
    asked.set(promise, (asked.get(promise) ?? 0) + 1);
    const way = await wayIn(lost, model, world);
    if (way !== undefined) throw new Violation(`${promise}, but ${way}`);
  }
}

const nameOf = (lost: Lost): string => (lost.kind === 'link' ? `${lost.link.purpose} link` : lost.kind);

/** How the thief got further by this. Undefined: not at all. */
async function wayIn(lost: Lost, model: Model, world: World): Promise<string | undefined> {
  // Each attempt is made where nobody was slowed down before.
  const thief = world.person();
  switch (lost.kind) {
    case 'password': {
      const answer = await thief.login(model.target, lost.password);
      return isDone(answer) ? `it is right at login: ${answer.text.slice(0, 60)}` : undefined;
    }
    case 'session': {
      if (isDone(await thief.me(lost.session.accessToken))) return 'its access token is accepted';
      return tokensOf(await thief.refresh(lost.session.refreshToken)) ? 'it can be refreshed' : undefined;
    }
    case 'link': {
      const answer = await thief.follow(lost.link.purpose, lost.link.token, world.password('thief'));
      return isDone(answer) ? 'it is accepted' : undefined;
    }
    case 'device':
      return guesses(lost.device, model, world);
  }
}

/** A device that the account knows has guesses of its own, beside those of its network. */
async function guesses(device: string, model: Model, world: World): Promise<string | undefined> {
  const { atOnce } = WRONG_PASSWORDS.account;
  const thief = world.person();
  const guess = async (cookie?: string) =>
    refusalOf(await thief.login(model.target, 'a guess of the thief', { device: cookie })) !== 'TOO_MANY_REQUESTS';
  for (let spent = 0; spent <= atOnce; spent++) await guess();
  let more = 0;
  for (let spent = 0; spent < atOnce; spent++) more += (await guess(device)) ? 1 : 0;
  // The wait at a network is over now and then. A bucket of one's own has all of them.
  return more > atOnce / 2 ? `it has ${String(more)} guesses beside the ${String(atOnce)} of its network` : undefined;
}
