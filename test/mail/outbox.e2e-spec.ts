import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Transactions } from '../../src/database/transactions.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { MailAttempts } from '../../src/mail/mail-attempts.js';
import { LEASE_MS } from '../../src/mail/mail-schedule.js';
import { MailSender } from '../../src/mail/mail-sender.js';
import { Outbox } from '../../src/mail/outbox.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { ask, LifecycleServer, NEW_PASSWORD, use } from '../lifecycle/operations.js';
import { logIn, newEmail, signUp } from '../support/accounts.js';
import { dropDatabase, temporaryDatabaseUrl, testEngine } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { figureIn } from '../support/metrics.js';
import { TestServer } from '../support/test-server.js';

const HOUR = 3_600;

let life: LifecycleServer;
beforeEach(async () => {
  life = await LifecycleServer.start();
});
afterEach(() => life.stop());

/** The one mail that waits. */
const waiting = async () => life.server.em().findOneOrFail(Mail, { recipient: { $ne: '' } });

async function secondsUntilDue(): Promise<number> {
  const { dueAt } = await waiting();
  return Math.round((dueAt.getTime() - life.server.clock.now().getTime()) / 1000);
}

async function mailsIn(result: string): Promise<number> {
  const figures = await life.server.app.get(Metrics).registry.metrics();
  return figureIn(figures, 'mails_total', `{template="reset-password",result="${result}"}`);
}

describe('a mail', () => {
  it('is committed with the change that causes it, or not at all', async () => {
    const { server } = life;
    const write = (isDone: boolean) =>
      server.app.get(Transactions).runApart(async (em) => {
        server.app.get(Outbox).write(em, { template: 'password-changed', recipient: newEmail() });
        await em.flush();
        if (!isDone) throw new Error('the change failed');
      });
    await expect(write(false)).rejects.toThrow('the change failed');
    expect(await server.em().count(Mail)).toBe(0);
    await write(true);
    expect(await server.em().count(Mail)).toBe(1);
  });

  it('is forgotten as soon as it is sent', async () => {
    const { email } = await signUp(life.server);
    await ask.reset(life.server, email);
    const { html, text, from, messageId, headers } = await life.mailTo(email);
    expect(await life.server.em().count(Mail)).toBe(0);
    expect(from).toBe('no-reply@localhost');
    expect(messageId).toMatch(/^<[0-9a-f-]{36}@localhost>$/);
    expect(headers.find(({ key }) => key === 'auto-submitted')?.value).toBe('auto-generated');
    expect(text).toContain('1 hour');
    expect(html).toContain('Choose a new password</a');
    expect(await mailsIn('sent')).toBe(1);
  });

  it('that the server refuses for now is tried again after 10 s, 30 s, 90 s … up to an hour', async () => {
    const { server, mails } = life;
    server.clock.freeze();
    const { email } = await signUp(server);
    await ask.reset(server, email);
    mails.mood = { refuses: 451 };
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      await life.send();
      waits.push(await secondsUntilDue());
      // Not a second earlier.
      server.clock.advance((waits.at(-1) ?? 0) - 1);
      await life.send();
      expect((await waiting()).attempts).toBe(attempt + 1);
      server.clock.advance(1);
    }
    expect(waits).toEqual([10, 30, 90, 270, 810, 2_430, HOUR, HOUR]);
    expect((await waiting()).lastError).toMatch(/^EENVELOPE: 451 .*not today, <user-/);
    mails.mood = 'accepts';
    const { token = '' } = await life.mailTo(email);
    // Its time begins with the mail that carries it, not with the request of hours ago.
    server.clock.advance(HOUR - 1);
    expect((await use.reset(server, token, NEW_PASSWORD)).data).toEqual({ resetPassword: true });
  });

  it('that the server refuses for ever, or that nobody takes within MAIL_RETRY_FOR, is given up where an operator sees it', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const { server, mails } = life;
    const { email } = await signUp(server);
    await ask.reset(server, email);
    mails.mood = { refuses: 550 };
    await life.send();
    const refused = await waiting();
    expect([refused.attempts, refused.failedAt, refused.lastError]).toEqual([
      1,
      expect.any(Date),
      expect.stringMatching(/^EENVELOPE: 550/),
    ]);
    expect(await mailsIn('given_up')).toBe(1);
    expect(log).toHaveBeenCalledWith(
      { mailId: refused.id, template: 'reset-password', attempts: 1, code: 'EENVELOPE 550' },
      expect.stringContaining('given up'),
    );
    expect(JSON.stringify(log.mock.calls)).not.toContain(email);
    mails.mood = 'accepts';
    server.clock.advance(48 * HOUR);
    await life.send();
    expect(mails.received).toEqual([]);

    expect(await server.app.get(Outbox).retryAll(server.em())).toBe(1);
    mails.mood = { refuses: 451 };
    await life.send();
    // Its day is over: once more, and that was it.
    expect((await waiting()).failedAt).toEqual(expect.any(Date));
    mails.mood = 'accepts';
    await server.app.get(Outbox).retryAll(server.em());
    expect((await life.mailTo(email)).subject).toBe('Choose a new password');
    log.mockRestore();
  });

  it('that another instance has taken meanwhile belongs to that one, whatever becomes of the first attempt', async () => {
    const { server, mails } = life;
    server.clock.freeze();
    const { email } = await signUp(server);
    await ask.reset(server, email);
    mails.mood = 'keeps waiting';
    const first = life.send();
    await eventually('the mail server has the mail', async () => mails.to(email).length === 1);
    server.clock.advance(LEASE_MS / 1000);
    const second = life.send();
    await eventually('the mail server has it again', async () => mails.to(email).length === 2);
    const { attempts, dueAt } = await waiting();
    mails.hangUp(1);
    await first;
    expect(await waiting()).toMatchObject({ attempts: 2, dueAt, lastError: null, failedAt: null });
    expect([attempts, await mailsIn('delayed'), await server.app.get(Outbox).retryAll(server.em())]).toEqual([2, 0, 0]);
    mails.hangUp();
    await second;
    expect([await secondsUntilDue(), await mailsIn('delayed')]).toEqual([30, 1]);
  });

  it('that another instance has taken before it was read is sent by that one alone', async () => {
    const { server, mails } = life;
    const { email } = await signUp(server);
    await ask.reset(server, email);
    const { id } = await waiting();
    await server.em().nativeUpdate(Mail, { id }, { attempts: 2 });
    await server.app.get(MailAttempts).make({ id, attempts: 1 }, new AbortController().signal);
    expect([mails.to(email), await waiting()]).toEqual([[], expect.objectContaining({ attempts: 2, lastError: null })]);
  });

  it('that was taken by a server which could not say so comes again as the same mail: same id, same link', async () => {
    const { server, mails } = life;
    const { email } = await signUp(server);
    await ask.reset(server, email);
    mails.mood = 'drops';
    await life.send();
    server.clock.advance(10);
    mails.mood = 'accepts';
    await life.send();
    const [first, second, ...more] = mails.to(email);
    expect(more).toEqual([]);
    expect([second?.messageId, second?.token]).toEqual([first?.messageId, first?.token]);
    expect((await use.reset(server, first?.token ?? '', NEW_PASSWORD)).data).toEqual({ resetPassword: true });
    expect(await server.em().count(Mail, { template: 'reset-password' })).toBe(0);
  });

  it('that is on its way is no mail that failed: `mail retry` sends it no second time', async () => {
    const { server, mails } = life;
    const { email } = await signUp(server);
    await ask.reset(server, email);
    mails.mood = { refuses: 451 };
    await life.send();
    server.clock.advance(10);
    mails.mood = 'keeps waiting';
    const sending = life.send();
    await eventually('the mail server has the mail', async () => mails.to(email).length === 1);
    const { attempts, dueAt } = await waiting();
    for (let call = 0; call < 3; call++) {
      expect(await server.app.get(Outbox).retryAll(server.em())).toBe(0);
      await life.send();
    }
    expect([mails.to(email).length, await waiting()]).toEqual([1, expect.objectContaining({ attempts, dueAt })]);
    mails.mood = 'accepts';
    mails.hangUp();
    await sending;
    // Now it has failed.
    expect(await server.app.get(Outbox).retryAll(server.em())).toBe(1);
    await life.send();
    expect([mails.to(email).length, await server.em().count(Mail)]).toEqual([2, 0]);
  });

  it('is not sent again once its link was used, and the link is not revived', async () => {
    const { server, mails } = life;
    const { email } = await signUp(server);
    await ask.magicLink(server, email);
    mails.mood = 'drops';
    await life.send();
    const { token = '' } = mails.last(email);
    expect((await use.magicLink(server, token)).errors).toEqual([]);
    mails.mood = 'accepts';
    server.clock.advance(10);
    await life.send();
    expect(mails.to(email).length).toBe(1);
    expect((await use.magicLink(server, token)).errors[0]?.extensions.reason).toBe('ONE_TIME_TOKEN_INVALID');
  });

  it('gives way to a younger one of its kind: the last link that arrives is the one that works', async () => {
    const { server, mails } = life;
    const { email } = await signUp(server);
    mails.mood = { refuses: 451 };
    await ask.magicLink(server, email);
    await life.send();
    mails.mood = 'accepts';
    await ask.magicLink(server, email);
    const token = await life.tokenFor(email);
    server.clock.advance(10);
    await life.send();
    expect(mails.to(email).length).toBe(1);
    expect((await use.magicLink(server, token)).errors).toEqual([]);
  });
});

describe('a dead mail server', () => {
  it('delays mails and nothing else: every operation answers as ever, and afterwards everything arrives', async () => {
    const { server, mails } = life;
    mails.mood = 'is silent';
    const { email } = await signUp(server);
    expect((await ask.reset(server, email)).data).toEqual({ requestPasswordReset: true });
    const sending = life.send();
    await eventually('the mail is on its way', async () => (await waiting()).attempts === 1);
    // The attempt waits for a greeting that does not come. Nothing waits for the attempt.
    expect((await logIn(server, email)).email).toBe(email);
    expect((await ask.magicLink(server, email)).data).toEqual({ requestMagicLink: true });
    await mails.stop();
    await sending;
    expect((await waiting()).lastError).toMatch(/^(ECONNECTION|ESOCKET)/);
    await life.send();
    mails.mood = 'accepts';
    await mails.listen();
    server.clock.advance(30);
    await life.send();
    expect(
      mails
        .to(email)
        .map(({ subject }) => subject)
        .sort(),
    ).toEqual(['Choose a new password', 'Sign in']);
  });
});

// On SQLite there is one instance.
(testEngine === 'postgres' ? it : it.skip)('of several instances one sends each mail', async () => {
  const databaseUrl = await temporaryDatabaseUrl();
  const env = { MAIL_URL: life.mails.url, JOBS_ENABLED: 'false' };
  const instances = [
    await TestServer.start({ databaseUrl, env, redis: false }),
    await TestServer.start({ databaseUrl, env, redis: false }),
  ];
  const [first] = instances;
  const addresses = Array.from({ length: 60 }, newEmail);
  await first?.app.get(Transactions).runApart(async (em) => {
    for (const recipient of addresses) {
      first.app.get(Outbox).write(em, { template: 'password-changed', recipient });
    }
  });
  await Promise.all(instances.flatMap(({ app }) => [app.get(MailSender).sendDue(), app.get(MailSender).sendDue()]));
  expect(life.mails.received.map(({ to }) => to).sort()).toEqual([...addresses].sort());
  for (const instance of instances) await instance.stop();
  await dropDatabase(databaseUrl);
});
