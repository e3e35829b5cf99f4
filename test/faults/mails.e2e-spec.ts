import { jest } from '@jest/globals';
import { MikroORM } from '@mikro-orm/core';
import { setTimeout as delay } from 'node:timers/promises';
import { ormOptions } from '../../src/database/orm.options.js';
import { entities } from '../../src/entities.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { User } from '../../src/users/user.entity.js';
import { ask, changePassword, NEW_PASSWORD } from '../lifecycle/operations.js';
import { logIn, PASSWORD, signUp } from '../support/accounts.js';
import { eventually } from '../support/eventually.js';
import { MailServer } from '../support/mail-server.js';
import { Deployment } from './support/deployment.js';
import { print, SCENARIO_TIMEOUT_MS, times } from './support/scale.js';

jest.setTimeout(SCENARIO_TIMEOUT_MS);

let mails: MailServer;
let deployment: Deployment;
let orm: MikroORM;
beforeEach(async () => {
  mails = await MailServer.start();
  deployment = await Deployment.start({ env: { MAIL_URL: mails.url } });
  orm = await MikroORM.init(ormOptions({ DATABASE_URL: deployment.databaseUrl }, entities));
});
afterEach(async () => {
  await orm.close();
  await deployment.stop();
  await mails.stop();
});

const killAll = () => Promise.all(deployment.servers.map((server) => server.kill()));
const startAll = () => Promise.all(deployment.servers.map((server) => server.start()));

/** What a dead instance had taken is due again when its lease is over. Here it is over at once. */
const endLeases = () => orm.em.fork().nativeUpdate(Mail, { failedAt: null }, { dueAt: new Date() });
const waiting = () => orm.em.fork().count(Mail);

it('a crash between a change and its mail loses neither, and makes up none', async () => {
  const rounds = times(2, 200);
  let changes = 0;
  for (let round = 0; round < rounds; round++) {
    const user = await signUp(deployment.any());
    // Nobody is told at an address that they have not confirmed.
    await orm.em.fork().nativeUpdate(User, { id: user.id }, { emailVerified: true });
    const change = changePassword(deployment.any(), user.accessToken, PASSWORD, NEW_PASSWORD).catch(() => undefined);
    // The first change is made for certain.
    await (round === 0 ? change : delay(Math.random() * 80));
    await killAll();
    const answer = await change;
    await startAll();
    const isChanged = await logIn(deployment.any(), user.email, NEW_PASSWORD).then(
      () => true,
      () => false,
    );
    if (answer?.data) expect(isChanged).toBe(true);
    await endLeases();
    await eventually('the outbox is empty', async () => (await waiting()) === 0);
    // Once more at most, where the crash came between the mail and its row, and then as the same mail.
    const ids = new Set(mails.to(user.email).map(({ messageId }) => messageId));
    expect([isChanged, ids.size]).toEqual([isChanged, isChanged ? 1 : 0]);
    changes += isChanged ? 1 : 0;
  }
  expect(changes).toBeGreaterThan(0);
  print('a crash between change and mail', { rounds, changes, lost: 0 });
});

it('a crash after the mail server took the mail sends it once more, as the same mail', async () => {
  const rounds = times(1, 50);
  for (let round = 0; round < rounds; round++) {
    const user = await signUp(deployment.any());
    mails.mood = 'keeps waiting';
    await ask.reset(deployment.any(), user.email);
    await eventually('the mail server has it', async () => mails.to(user.email).length === 1);
    await killAll();
    mails.mood = 'accepts';
    await startAll();
    await endLeases();
    await eventually('the outbox is empty', async () => (await waiting()) === 0);
    const [first, second, ...more] = mails.to(user.email);
    expect(more).toEqual([]);
    expect([second?.messageId, second?.token]).toEqual([first?.messageId, first?.token]);
  }
  print('a crash between the mail server and the outbox', { rounds, 'mails each': 2 });
});
