import { jest } from '@jest/globals';
import { Logger, NotFoundException } from '@nestjs/common';
import type { Request as ExpressRequest } from 'express';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import request from 'supertest';
import { MailsController } from '../../src/ide/mails.controller.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { MailSender } from '../../src/mail/mail-sender.js';
import { ask, LifecycleServer, use } from '../lifecycle/operations.js';
import { newEmail, signUp } from '../support/accounts.js';
import { MailServer } from '../support/mail-server.js';
import { TestServer } from '../support/test-server.js';

const folder = mkdtempSync(join(tmpdir(), 'latchkey-mails-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function withServer(env: Record<string, string>, test: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await TestServer.start({ env: { JOBS_ENABLED: 'false', ...env } });
  try {
    await test(server);
  } finally {
    await server.stop();
  }
}

const send = (server: TestServer) => server.app.get(MailSender).sendDue();
const get = async (url: string) => {
  const response = await fetch(url);
  return { status: response.status, headers: response.headers, text: await response.text() };
};

describe('without MAIL_URL', () => {
  const env = { NODE_ENV: 'development', LOG_LEVEL: 'silent', BCRYPT_COST: '10', MAIL_OUTBOX: join(folder, 'outbox') };

  it('a mail is a file for its owner alone, its link is in the log, and both are on a page beside the playground', () =>
    withServer(env, async (server) => {
      const log = jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
      const { email } = await signUp(server);
      expect((await get(`${server.url}/mails`)).text).toContain('There is none yet.');
      await ask.magicLink(server, email);
      await send(server);
      const [file = '', ...more] = readdirSync(env.MAIL_OUTBOX);
      expect([file, more]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}-magic-link\.eml$/), []]);
      expect(statSync(join(env.MAIL_OUTBOX, file)).mode & 0o777).toBe(0o600);
      expect(statSync(env.MAIL_OUTBOX).mode & 0o777).toBe(0o700);
      const line = log.mock.calls.map(([message]) => String(message)).find((it) => it.startsWith('Mail "Sign in"'));
      const link = / (http:\/\/localhost:5173\/magic-link#token=lko_\S+)$/.exec(line ?? '')?.[1] ?? '';
      log.mockRestore();

      const page = await get(`${server.url}/mails`);
      const shown = link.replaceAll('/', '&#x2F;').replaceAll('=', '&#x3D;');
      expect(page.text).toContain(`<a href="${shown}">${shown}</a>`);
      expect(page.text).toContain(`to ${email}`);
      const nonce = /<style nonce="([^"]+)">/.exec(page.text)?.[1]?.replaceAll('&#x2F;', '/').replaceAll('&#x3D;', '=');
      expect(page.headers.get('content-security-policy')).toBe(
        `default-src 'none'; style-src 'nonce-${nonce ?? ''}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      );
      const name = file.replace('.eml', '');
      const html = await get(`${server.url}/mails/${name}.html`);
      expect([html.status, html.text]).toEqual([200, expect.stringContaining('Sign in</a')]);
      expect(html.headers.get('content-security-policy')).toContain('sandbox');
      expect((await get(`${server.url}/mails/${name}.eml`)).text).toContain(`To: ${email}`);
      expect((await use.magicLink(server, link.split('#token=')[1] ?? '')).errors).toEqual([]);
    }));

  it('the page shows no other file, and nothing to a site that points its name at this machine', () =>
    withServer(env, async (server) => {
      const outside = join(folder, 'outside.eml');
      writeFileSync(outside, 'Subject: not for you\n\n');
      for (const path of ['..%2Foutside.eml', '%2e%2e%2foutside.html', 'nothing.eml', 'outbox']) {
        expect([path, (await get(`${server.url}/mails/${path}`)).status]).toEqual([path, 404]);
      }
      await request(server.url).get('/mails').set('Host', 'evil.example').expect(404);
      await request(server.url).get('/mails').set('Host', 'auth.localhost').expect(200);
    }));

  it('the page shows nothing by a name that others reach the server by, nor to another machine', () =>
    withServer({ ...env, PUBLIC_URL: 'https://auth.example.com' }, async (server) => {
      await request(server.url).get('/mails').set('Host', 'auth.example.com').expect(404);
      // What comes from another machine cannot be sent from this one.
      const headers = { host: 'localhost:4000' };
      const elsewhere = { headers, socket: { remoteAddress: '192.0.2.1' } } as ExpressRequest;
      const here = { headers, socket: { remoteAddress: '::ffff:127.0.0.1' } } as ExpressRequest;
      const [file = ''] = readdirSync(env.MAIL_OUTBOX);
      expect(await server.app.get(MailsController).html(file.replace('.eml', ''), here)).toContain('</a');
      await expect(server.app.get(MailsController).html(file.replace('.eml', ''), elsewhere)).rejects.toThrow(
        NotFoundException,
      );
    }));

  it.each(['Forwarded', 'Via', 'X-Forwarded-For', 'X-Forwarded-Host', 'X-Real-IP'])(
    'the page shows nothing through a proxy of this machine, which sends %s, trusted or not',
    async (name) => {
      for (const trusted of [{}, { TRUST_PROXY: 'loopback' }])
        await withServer({ ...env, ...trusted }, async (server) => {
          await request(server.url).get('/mails').set('Host', 'evil.example').set(name, 'localhost').expect(404);
          await request(server.url).get('/mails').set('Host', 'localhost').set(name, 'localhost').expect(404);
        });
    },
  );

  it.each([
    [
      'production',
      {
        NODE_ENV: 'production',
        PUBLIC_URL: 'https://auth.example.com',
        APP_URL: 'https://app.example.com',
        IDE: 'true',
        BCRYPT_COST: '10',
      },
    ],
    ['tests', { NODE_ENV: 'test' }],
    ['development with MAIL_URL', { ...env, MAIL_URL: 'smtp://localhost:1' }],
  ])('there is no such page in %s', (_, settings) =>
    withServer(settings, async (server) => {
      expect((await get(`${server.url}/mails`)).status).toBe(404);
    }),
  );
});

describe('over SMTP', () => {
  describe('in production', () => {
    const production = {
      NODE_ENV: 'production',
      PUBLIC_URL: 'https://auth.example.com',
      APP_URL: 'https://app.example.com',
      BCRYPT_COST: '10',
    };
    let warnings: jest.SpiedFunction<typeof Logger.prototype.warn>;
    beforeEach(() => (warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined)));
    afterEach(() => warnings.mockRestore());

    /** What became of a mail that was handed to that server. */
    const sentTo = async (mails: MailServer, query = '') => {
      let recipient = '';
      let lastError: string | null | undefined;
      await withServer({ ...production, MAIL_URL: `${mails.url}${query}` }, async (server) => {
        recipient = (await signUp(server)).email;
        await ask.reset(server, recipient);
        await send(server);
        lastError = (await server.em().findOne(Mail, { recipient }))?.lastError;
      });
      return { recipient, lastError };
    };

    it('nothing is sent in the clear to another machine, unless it is told to', async () => {
      // Another name for this machine, and none that counts as this machine.
      const mails = await MailServer.start('0.0.0.0');
      const { lastError } = await sentTo(mails);
      expect([lastError, mails.received]).toEqual([expect.stringMatching(/^ETLS/), []]);
      const { recipient } = await sentTo(mails, '?requireTLS=false');
      expect(mails.last(recipient).link).toMatch(/^https:\/\/app\.example\.com\/reset-password#token=lko_/);
      expect(mails.last(recipient).messageId).toMatch(/@auth\.example\.com>$/);
      await mails.stop();
    });

    it.each(['127.0.0.1', '127.0.0.2'])('a mail server of this machine needs no TLS: %s', async (host) => {
      const mails = await MailServer.start(host);
      const { recipient } = await sentTo(mails);
      expect(mails.to(recipient)).toHaveLength(1);
      await mails.stop();
    });
  });

  it('the sender is MAIL_FROM, by whose name the mails call the service', async () => {
    const life = await LifecycleServer.start({ env: { MAIL_FROM: 'Acme & Söhne <hello@acme.example>' } });
    const { email } = await signUp(life.server);
    await ask.reset(life.server, email);
    const { from, text, html } = await life.mailTo(email);
    expect([from, text, html]).toEqual([
      'hello@acme.example',
      expect.stringContaining('your account at Acme & Söhne.'),
      expect.stringContaining('your account at Acme &amp; Söhne.'),
    ]);
    await life.stop();
  });
});

describe('MAIL_TEMPLATES', () => {
  const texts = join(folder, 'texts');
  const write = (path: string, text: string) => {
    mkdirSync(join(texts, path, '..'), { recursive: true });
    writeFileSync(join(texts, path), text);
  };

  it('replaces texts by its own, adds languages, and leaves the others', async () => {
    write('en/reset-password.txt', 'Subject: Oops\n\nForgot it?\n\n{{link}}\n');
    write('pt-BR/reset-password.txt', 'Subject: Nova senha\n\nClique:\n\n{{link}}\n');
    write('layout.html', '<p>ours: {{subject}}</p>{{#content}}{{link}}{{/content}}');
    const life = await LifecycleServer.start({ env: { MAIL_TEMPLATES: texts } });
    const { email } = await signUp(life.server);
    const mails: [string, string][] = [
      ['en', 'Oops'],
      ['pt-BR', 'Nova senha'],
      // There is no Portuguese of all countries.
      ['pt', 'Oops'],
      ['de', 'Neues Passwort wählen'],
    ];
    for (const [locale, subject] of mails) {
      const update = 'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { id } }';
      const { accessToken } = await signUp(life.server, newEmail());
      await life.server.call(update, { input: { locale } }, { token: accessToken });
      const { data } = await life.server.call<{ me: { email: string } }>(
        '{ me { email } }',
        {},
        { token: accessToken },
      );
      await ask.reset(life.server, data?.me.email ?? '');
      const mail = await life.mailTo(data?.me.email ?? '');
      expect([locale, mail.subject, mail.html.startsWith(`<p>ours: ${subject}</p>`)]).toEqual([locale, subject, true]);
    }
    await ask.magicLink(life.server, email);
    expect((await life.mailTo(email)).subject).toBe('Sign in');
    await life.stop();
  });

  it('with a text that can not be used stops the start, and names the file', async () => {
    write('en/reset-password.txt', 'Subject: Oops\n\nYour password is {{password}}.\n\n{{link}}\n');
    await expect(TestServer.start({ env: { MAIL_TEMPLATES: texts } })).rejects.toThrow(
      /reset-password\.txt may name these values only: \{\{service\}\} \{\{link\}\} \{\{lifetime\}\}$/,
    );
  });
});
