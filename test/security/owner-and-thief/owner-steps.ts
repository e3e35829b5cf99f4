import { refusalOf } from '../../support/refusals.js';
import type { Model } from './model.js';
import { type Asked, isDone, type Purpose, tokensOf } from './person.js';
import { atOnce, type Step, step } from './step.js';
import type { Link, World } from './world.js';

const thiefsLinks = (model: Model, world: World) => world.links(model.thief.mailboxes);
const isSignedIn = ({ owner }: Model) => owner.sessions.length > 0;
const tokenOf = ({ owner }: Model) => owner.sessions.at(-1)?.accessToken ?? '';
const always = () => true;

export const signsUp = step(
  'owner signs up',
  ({ account }) => account?.belongsTo !== 'owner',
  async (model, world) => {
    const password = world.password('owner');
    const answer = await world.owner.signup(model.home, password);
    if (!isDone(answer)) return;
    // Without an answer that tells, the owner takes the account for theirs, and the password for right.
    if (!model.account) model.made('owner');
    model.owner.password = password;
    const session = tokensOf(answer);
    if (session) model.owner.sessions.push(session);
  },
);

export const logsIn = step(
  'owner logs in',
  ({ owner }) => owner.password !== undefined,
  async (model, { owner }) => {
    const { password = '' } = model.owner;
    const answer = await owner.login(model.ownAddress, password);
    const session = tokensOf(answer);
    if (session) model.owner.sessions.push(session);
  },
);

export const changesPassword = (isProvedByPassword: boolean): Step =>
  step(
    `owner changes the password${isProvedByPassword ? '' : ', having just signed in'}`,
    isSignedIn,
    async (model, world) => {
      const password = world.password('owner');
      const present = isProvedByPassword ? (model.owner.password ?? '') : '';
      if (!isDone(await world.owner.changePassword(tokenOf(model), present, password))) return;
      Object.assign(model.owner, { password, sessions: model.owner.sessions.slice(-1), copied: undefined });
      // Links that a mailbox proves stay, whoever reads it.
      await world.deliver();
      const link = ({ purpose }: Link) => purpose === 'confirm-email-change';
      model.lose(
        'changePassword',
        { passwords: true, devices: true, session: () => true, link },
        thiefsLinks(model, world),
      );
    },
  );

/** Everything that was good before the password changed. */
async function changed(model: Model, world: World, by: string): Promise<void> {
  model.voidedAt = world.time.value;
  await world.deliver();
  model.loseEverything(by, thiefsLinks(model, world));
}

export const asks = (purpose: Asked): Step =>
  step(`owner asks for a ${purpose} link`, always, async (model, { owner }) => {
    await owner.ask(purpose, model.ownAddress);
  });

export const follows = (purpose: Purpose): Step =>
  step(`owner follows a ${purpose} link`, always, async (model, world) => {
    const link = await world.newest(purpose, model.owner.mailboxes);
    if (!link) return;
    const password = world.password('owner');
    const shown = { token: isSignedIn(model) ? tokenOf(model) : undefined };
    const answer = await world.owner.follow(purpose, link.token, password, shown);
    if (!isDone(answer)) return;
    const session = tokensOf(answer);
    if (session) model.owner.sessions.push(session);
    await AFTER[purpose](model, world, { address: link.address, password });
  });

interface Followed {
  readonly address: string;
  readonly password: string;
}

const AFTER: Record<Purpose, (model: Model, world: World, followed: Followed) => Promise<void>> = {
  'verify-email': async (model, world) => {
    if (model.account?.belongsTo === 'thief') await proved(model, world, 'verifyEmail');
    else if (model.account) model.account.isConfirmed = true;
  },
  'magic-link': async (model, world) => {
    if (model.account?.isConfirmed) return;
    model.owner.sessions.splice(0, model.owner.sessions.length - 1);
    await proved(model, world, 'the first magic link');
  },
  'reset-password': async (model, world, { password }) => {
    Object.assign(model.owner, { password, sessions: [], copied: undefined });
    await proved(model, world, 'resetPassword');
    model.owner.password = password;
  },
  'confirm-email-change': async (model, world, { address }) => {
    const { value: now } = world.time;
    const isFirst = model.account?.reverts[0]?.address === address && model.hasWayBack(address, now);
    model.moved(address, now);
    await world.deliver();
    const link = ({ purpose }: Link) => isFirst || purpose !== 'revert-email-change';
    model.lose('confirmEmailChange', { link }, thiefsLinks(model, world));
  },
  'revert-email-change': async (model, world, { address }) => {
    model.movedBack(address, world.time.value);
    Object.assign(model.owner, { password: undefined, sessions: [], copied: undefined });
    await world.deliver();
    model.loseEverything('revertEmailChange', thiefsLinks(model, world), true);
  },
};

/** The owner has shown that the address is theirs: whoever made the account with it has nothing of it. */
async function proved(model: Model, world: World, by: string): Promise<void> {
  if (!model.account) return;
  Object.assign(model.account, { belongsTo: 'owner', isConfirmed: true });
  model.owner.password = undefined;
  await changed(model, world, by);
}

export const goesBy = (purpose: Asked): Step =>
  atOnce(`owner goes by a ${purpose} link`, asks(purpose), follows(purpose));

export const movesToOwnAddress = step('owner asks for a change of address', isSignedIn, async (model, world) => {
  const address = world.address('owner');
  const answer = await world.owner.requestEmailChange(tokenOf(model), address, model.owner.password ?? '');
  if (isDone(answer)) model.owner.mailboxes.push(address);
});

const asksForHome = step(
  'owner asks for the former address',
  (model) => isSignedIn(model) && model.account?.address !== model.home,
  async (model, { owner }) => {
    await owner.requestEmailChange(tokenOf(model), model.home, model.owner.password ?? '');
  },
);

export const goesHome = atOnce('owner goes back to the former address', asksForHome, follows('confirm-email-change'));

export const endsOtherSessions = step('owner ends all other sessions', isSignedIn, async (model, world) => {
  if (!isDone(await world.owner.revokeOtherSessions(tokenOf(model)))) return;
  Object.assign(model.owner, { sessions: model.owner.sessions.slice(-1), copied: undefined });
  await world.deliver();
  model.loseSessions('revokeOtherSessions', always, thiefsLinks(model, world));
});

export const logsOutEverywhere = step('owner logs out everywhere', isSignedIn, async (model, world) => {
  const isAlive = isDone(await world.owner.me(tokenOf(model)));
  if (!isDone(await world.owner.logout(tokenOf(model), true)) || !isAlive) return;
  Object.assign(model.owner, { sessions: [], copied: undefined });
  await world.deliver();
  model.loseSessions('logout everywhere', always, thiefsLinks(model, world));
});

export const logsOut = step('owner logs out', isSignedIn, async (model, { owner }) => {
  await owner.logout(tokenOf(model), false);
  model.owner.sessions.pop();
});

export const endsForeignSession = step('owner ends a session that is not theirs', isSignedIn, async (model, world) => {
  const answer = await world.owner.mySessions(tokenOf(model));
  const listed = (answer.data?.['mySessions'] ?? []) as { id: string }[];
  const own = new Set(model.owner.sessions.map(({ id }) => id));
  const foreign = listed.find(({ id }) => !own.has(id));
  if (!foreign || !isDone(await world.owner.revokeSession(tokenOf(model), foreign.id))) return;
  await world.deliver();
  model.loseSessions('revokeSession', (id) => id === foreign.id, thiefsLinks(model, world));
});

/** The device whose tokens were copied goes on as it always does. */
export const refreshesCopied = step(
  'owner refreshes on the device that was copied',
  ({ owner }) => owner.copied !== undefined,
  async (model, world) => {
    const { copied } = model.owner;
    if (!copied) return;
    const answer = await world.owner.refresh(copied.refreshToken);
    model.owner.copied = tokensOf(answer);
    if (refusalOf(answer) !== 'UNAUTHENTICATED/REFRESH_TOKEN_REUSED') return;
    await world.deliver();
    model.loseSessions('reuse of a refresh token', (id) => id === copied.id, thiefsLinks(model, world));
  },
);

export const deletesAccount = step('owner deletes the account', isSignedIn, async (model, world) => {
  if (!isDone(await world.owner.deleteAccount(tokenOf(model), model.owner.password ?? ''))) return;
  await world.deliver();
  model.loseEverything('deleteAccount', thiefsLinks(model, world), true);
  model.forget();
});
