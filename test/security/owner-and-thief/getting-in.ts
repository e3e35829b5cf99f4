import { nothingWorks, Violation } from './invariants.js';
import type { Model } from './model.js';
import { isDone, tokensOf } from './person.js';
import type { World } from './world.js';

/** A link that one had before is void after a change of the account, and its mails may be used up for an hour. */
const HOUR = 3_600;

/**
 * The owner gets in, by nothing but the mailbox, whatever has happened: takes a change of address back where that is
 * needed, then signs in by a link, then chooses a new password. Without an account: by a new one.
 */
export async function ownerGetsIn(model: Model, world: World): Promise<void> {
  await takeBack(model, world);
  if (!model.isWithOwner) {
    model.forget();
    return signUp(model, world);
  }
  for (const way of [byMagicLink, byReset]) {
    if (await way(model, world)) continue;
    const isAfterChange = world.time.value - model.voidedAt < HOUR * 1000;
    if (isAfterChange) world.time.advance(HOUR);
    if (!isAfterChange || !(await way(model, world)))
      throw new Violation(`the owner gets in by the mailbox, but not ${way.name}`);
  }
}

async function takeBack(model: Model, world: World): Promise<void> {
  const { owner, time } = world;
  const right = model.ownersRight(time.value);
  if (!right) return;
  const link = await world.newest('revert-email-change', [right.address]);
  if (!link || !isDone(await owner.follow(link.purpose, link.token, '')))
    throw new Violation('the owner takes the address back within 7 days, but the link is refused');
  model.movedBack(right.address, time.value);
  const before = model.lost.length;
  model.loseEverything('revertEmailChange', world.links(model.thief.mailboxes), true);
  // At once: the owner's next password takes its place.
  const lost = model.lost.slice(before).filter(({ kind }) => kind !== 'device');
  await nothingWorks(lost, model, world);
}

async function byMagicLink(model: Model, world: World): Promise<boolean> {
  const { owner } = world;
  await owner.ask('magic-link', model.ownAddress);
  const link = await world.newest('magic-link', [model.ownAddress]);
  const answer = link && (await owner.follow(link.purpose, link.token, ''));
  const isIn = answer !== undefined && tokensOf(answer) !== undefined;
  if (isIn && model.account?.isConfirmed === false) {
    Object.assign(model.account, { isConfirmed: true, belongsTo: 'owner' });
    model.voidedAt = world.time.value;
    model.loseEverything('the first magic link', world.links(model.thief.mailboxes));
  }
  return isIn;
}

async function byReset(model: Model, world: World): Promise<boolean> {
  const { owner } = world;
  const password = world.password('owner');
  await owner.ask('reset-password', model.ownAddress);
  const link = await world.newest('reset-password', [model.ownAddress]);
  if (!link || !isDone(await owner.follow(link.purpose, link.token, password))) return false;
  model.loseEverything('resetPassword', world.links(model.thief.mailboxes));
  return tokensOf(await owner.login(model.ownAddress, password)) !== undefined;
}

async function signUp(model: Model, world: World): Promise<void> {
  const { owner } = world;
  const password = world.password('owner');
  const answer = await owner.signup(model.home, password);
  if (model.isConfirmationRequired) {
    const link = await world.newest('verify-email', [model.home]);
    if (link) await owner.follow(link.purpose, link.token, '');
  }
  if (isDone(answer) && tokensOf(await owner.login(model.home, password))) return;
  throw new Violation(`the owner of an address without an account gets one, but not here: ${answer.text.slice(0, 80)}`);
}
