import { isDone, type Asked, deviceOf, type Purpose, tokensOf } from './person.js';
import type { Model } from './model.js';
import { atOnce, type Step, step } from './step.js';
import type { World } from './world.js';
import { refusalOf } from '../../support/refusals.js';

const always = () => true;
const isSignedIn = ({ thief }: Model) => thief.sessions.length > 0;
/** One of several, whichever number is drawn. */
const pick = <T>(from: readonly T[], index: number): T | undefined => from[index % from.length];
const proofOf = ({ thief }: Model, hasPassword: boolean) => (hasPassword ? (thief.passwords.at(-1) ?? '') : '');

export const signsUp = step(
  'thief signs up with the address of the owner',
  ({ account }) => !account,
  async (model, world) => {
    const password = world.password('thief');
    const answer = await world.thief.signup(model.home, password);
    if (!isDone(answer)) return;
    model.made('thief');
    keep(model, answer);
    model.thief.passwords.push(password);
  },
);

/** What a sign-in gives. */
function keep({ thief }: Model, answer: Parameters<typeof tokensOf>[0]): void {
  const session = tokensOf(answer);
  const device = deviceOf(answer);
  if (session) thief.sessions.push(session);
  if (device !== undefined) thief.devices.push(device);
}

export const logsIn = (index: number): Step =>
  step(
    'thief logs in',
    ({ thief }) => thief.passwords.length > 0,
    async (model, world) => {
      keep(model, await world.thief.login(model.target, pick(model.thief.passwords, index) ?? ''));
    },
  );

export const guesses = (times: number): Step =>
  step(`thief guesses ${String(times)} passwords`, always, async (model, world) => {
    for (let guess = 0; guess < times; guess++) await world.thief.login(model.target, 'a guess of the thief');
  });

export const refreshes = (index: number): Step =>
  step('thief refreshes', isSignedIn, async (model, world) => {
    const session = pick(model.thief.sessions, index);
    if (!session) return;
    const answer = await world.thief.refresh(session.refreshToken);
    const next = tokensOf(answer);
    if (next) model.thief.sessions.splice(model.thief.sessions.indexOf(session), 1, next);
    if (refusalOf(answer) !== 'UNAUTHENTICATED/REFRESH_TOKEN_REUSED') return;
    await world.deliver();
    model.loseSessions('reuse of a refresh token', (id) => id === session.id, world.links(model.thief.mailboxes));
  });

export const changesPassword = (index: number, hasPassword: boolean): Step =>
  step('thief changes the password', isSignedIn, async (model, world) => {
    const session = pick(model.thief.sessions, index);
    const password = world.password('thief');
    const answer = await world.thief.changePassword(session?.accessToken ?? '', proofOf(model, hasPassword), password);
    if (!isDone(answer) || !session) return;
    model.thief.passwords.push(password);
    model.thief.sessions = [session];
    // The links in the owner's mailbox stay good.
    model.owner.sessions = [];
  });

/** The owner is out: finds that no session and no former link works any more. */
function putOut(model: Model, { time }: World): void {
  model.voidedAt = time.value;
  model.owner.sessions = [];
}

export const asksForChange = (index: number, hasPassword: boolean): Step =>
  step('thief asks for a change of address', isSignedIn, async (model, world) => {
    const session = pick(model.thief.sessions, index);
    const address = world.address('thief');
    const proof = proofOf(model, hasPassword);
    const answer = await world.thief.requestEmailChange(session?.accessToken ?? '', address, proof);
    if (!isDone(answer) || !session) return;
    model.thief.mailboxes.push(address);
    model.thief.changes.set(address, session.id);
  });

/** More than one: the mails of a mailbox are counted. */
export const asks = (purpose: Asked, times: number): Step =>
  step(`thief asks for ${String(times)} ${purpose} links`, always, async (model, world) => {
    for (let mail = 0; mail < times; mail++) await world.thief.ask(purpose, model.target);
  });

export const follows = (purpose: Purpose): Step =>
  step(
    `thief follows a ${purpose} link`,
    ({ thief }) => thief.mailboxes.length > 0,
    async (model, world) => {
      const link = await world.newest(purpose, model.thief.mailboxes);
      if (!link) return;
      const password = world.password('thief');
      // Where the link alone is not enough, the thief shows what there is.
      const shown = { token: model.thief.sessions.at(-1)?.accessToken };
      const answer = await world.thief.follow(purpose, link.token, password, shown);
      if (!isDone(answer)) return;
      const session = tokensOf(answer);
      if (session) model.thief.sessions.push(session);
      if (purpose === 'reset-password') {
        model.thief.passwords.push(password);
        putOut(model, world);
      }
      if (purpose === 'confirm-email-change') model.moved(link.address, world.time.value);
      if (purpose === 'revert-email-change') {
        model.movedBack(link.address, world.time.value);
        putOut(model, world);
      }
    },
  );

export const takesAway = (index: number, hasPassword: boolean): Step =>
  atOnce('thief moves the account', asksForChange(index, hasPassword), follows('confirm-email-change'));

export const endsOtherSessions = (index: number): Step =>
  step('thief ends all other sessions', isSignedIn, async (model, world) => {
    const session = pick(model.thief.sessions, index);
    if (!session || !isDone(await world.thief.revokeOtherSessions(session.accessToken))) return;
    model.owner.sessions = [];
    model.thief.sessions = [session];
  });

export const logsOut = (index: number, everywhere: boolean): Step =>
  step(`thief logs out${everywhere ? ' everywhere' : ''}`, isSignedIn, async (model, world) => {
    const session = pick(model.thief.sessions, index);
    if (!session) return;
    await world.thief.logout(session.accessToken, everywhere);
    model.thief.sessions = everywhere ? [] : model.thief.sessions.filter((other) => other !== session);
    if (everywhere) model.owner.sessions = [];
  });

export const changesProfile = (index: number): Step =>
  step('thief changes the profile', isSignedIn, async (model, world) => {
    await world.thief.updateProfile(pick(model.thief.sessions, index)?.accessToken ?? '', 'Not who you think');
  });
