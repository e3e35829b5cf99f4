import { Transactions } from '../../src/database/transactions.js';
import { newId } from '../../src/common/ids.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { MailSender } from '../../src/mail/mail-sender.js';
import { MOST_WAITING, Outbox } from '../../src/mail/outbox.js';
import { newEmail, PASSWORD, signUp, signUpConfirmed } from '../support/accounts.js';
import { eventually } from '../support/eventually.js';
import { ask, changePassword, LifecycleServer, NEW_PASSWORD } from '../lifecycle/operations.js';

/** docs/operations/mail.md has it. */
const MOST_UNDER_WAY = 100;

let life: LifecycleServer;
beforeEach(async () => {
  life = await LifecycleServer.start({ env: { TRUST_PROXY: '1' } });
});
afterEach(() => life.stop());

const from = (ip: string) => ({ headers: { 'x-forwarded-for': ip } });
/** Addresses of networks that one holder can have. */
const ofOneHolder = (index: number): string => `2001:db8:9:${index.toString(16)}00::1`;
const waiting = (where: object = {}) => life.server.em().count(Mail, where);

/** Sends one after the other. @returns who got them, in this order */
async function recipientsInOrder(): Promise<string[]> {
  const sender = life.server.app.get(MailSender);
  for (let left = await waiting(); left > 0; left--) {
    expect(await sender['beginNext']()).toBe(true);
    await eventually('it is sent', async () => (await waiting()) < left);
  }
  return life.mails.received.map(({ to }) => to);
}

describe('mails that many have asked for', () => {
  it('go in turns of those who asked, behind what the server sends by itself', async () => {
    const flooded = await Promise.all(Array.from({ length: 3 }, () => signUp(life.server)));
    const [owner, changer] = [await signUp(life.server), await signUpConfirmed(life.server)];
    for (const [index, { email }] of flooded.entries()) await ask.reset(life.server, email, from(ofOneHolder(index)));
    await ask.reset(life.server, owner.email, from('192.0.2.1'));
    await changePassword(life.server, changer.accessToken, PASSWORD, NEW_PASSWORD);
    const [first, ...others] = flooded.map(({ email }) => email);
    const order = await recipientsInOrder();
    expect(order).toEqual([changer.email, first, owner.email, ...others]);
  });

  it(`are at most ${String(MOST_WAITING)} of one network, and others ask as ever`, async () => {
    const row = { template: 'magic-link', facts: {}, salt: '', createdAt: new Date(), dueAt: new Date() } as const;
    const rows = Array.from({ length: MOST_WAITING }, (_, turn) => ({
      ...row,
      id: newId(),
      recipient: newEmail(),
      turn,
    }));
    await life.server.em().insertMany(
      Mail,
      rows.map((it) => ({ ...it, askedFrom: '2001:db8:9::/48' })),
    );
    const asked = async (ip: string) => {
      const recipient = newEmail();
      const { data } = await ask.magicLink(life.server, recipient, from(ip));
      return [data?.requestMagicLink, await waiting({ recipient })];
    };
    expect(await asked(ofOneHolder(1))).toEqual([true, 0]);
    expect(await asked('192.0.2.1')).toEqual([true, 1]);
    // One that is on its way tells by its time whether it is to anybody: it counts for nobody's turn.
    await life.server.em().nativeUpdate(Mail, { askedFrom: '2001:db8:9::/48' }, { attempts: 1 });
    expect(await asked(ofOneHolder(2))).toEqual([true, 1]);
  });
});

it(`of all mails ${String(MOST_UNDER_WAY)} are on their way at a time, and the next one goes when one of them has ended`, async () => {
  const { server, mails } = life;
  const recipients = Array.from({ length: MOST_UNDER_WAY + 1 }, newEmail);
  await server.app.get(Transactions).runApart((em) => {
    for (const recipient of recipients) server.app.get(Outbox).write(em, { template: 'password-changed', recipient });
    return Promise.resolve();
  });
  mails.mood = 'is silent';
  const sending = life.send();
  await eventually('as many as may are on their way', () => Promise.resolve(mails.connections === MOST_UNDER_WAY));
  expect(await waiting({ attempts: 0 })).toBe(1);
  mails.mood = 'accepts';
  mails.hangUp();
  await sending;
  expect(mails.received).toHaveLength(1);
  server.clock.advance(10);
  await life.send();
  expect(mails.received.map(({ to }) => to).sort()).toEqual(recipients.sort());
});
