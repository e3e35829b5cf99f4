import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import helmet from 'helmet';
import request from 'supertest';
import { IdeModule } from '../../src/ide/ide.module.js';

const NOTHING = "default-src 'none'";

/** The policy of `/ide`, with the nonce of a page or without one. */
const policy = (nonce = '') =>
  `default-src 'none'; script-src 'self'${nonce}; style-src 'self'${nonce}; img-src 'self' data:; font-src 'self'; ` +
  "connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

describe('the playground over HTTP', () => {
  let app: NestExpressApplication;

  beforeAll(async () => {
    const module = await Test.createTestingModule({ imports: [IdeModule] }).compile();
    app = module.createNestApplication<NestExpressApplication>();
    app.use(helmet({ contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"] } } }));
    await app.init();
  });
  afterAll(() => app.close());

  const get = (path: string) => request(app.getHttpServer()).get(path);

  it('is one page, whose only inline script and style carry the nonce of its policy', async () => {
    const page = await get('/ide').expect(200).expect('Content-Type', 'text/html; charset=utf-8');
    const nonce = /'nonce-([^']+)'/.exec(page.get('Content-Security-Policy') ?? '')?.[1];
    expect(page.get('Content-Security-Policy')).toBe(policy(` 'nonce-${nonce}'`));
    expect(page.text.match(/<(script|style)(?![^>]*\bsrc=)[^>]*>/g)).toEqual([
      `<script nonce="${nonce}">`,
      `<style nonce="${nonce}">`,
      `<script type="module" nonce="${nonce}">`,
    ]);
  });

  it('has another nonce each time, and is never kept', async () => {
    const [first, second] = await Promise.all([get('/ide'), get('/ide')]);
    expect(first.get('Content-Security-Policy')).not.toBe(second.get('Content-Security-Policy'));
    expect(first.get('Cache-Control')).toBe('no-store');
  });

  it('names no other host', async () => {
    const page = await get('/ide');
    expect(page.text).not.toMatch(/https?:|["'(]\/\//);
  });

  it.each([
    ['main.js', 'text/javascript; charset=utf-8'],
    ['styles.css', 'text/css; charset=utf-8'],
    ['favicon.ico', 'image/vnd.microsoft.icon'],
    ['assets/i18n/default.json', 'application/json; charset=utf-8'],
    ['assets/img/logo_350.svg', 'image/svg+xml'],
    ['media/jetbrains-mono-latin-400-normal.woff2', 'font/woff2'],
  ])('serves %s as %s, to be asked about again', async (path, contentType) => {
    const { headers } = await get(`/ide/${path}`).expect(200);
    expect(headers).toMatchObject({
      'content-type': contentType,
      'content-security-policy': policy(),
      'cache-control': 'no-cache',
      'x-content-type-options': 'nosniff',
    });
    await get(`/ide/${path}`).set('If-None-Match', String(headers['etag'])).expect(304);
  });

  it.each([
    ['the frame that evaluates what it is sent', '/ide/iframe-sandbox/index.html'],
    ['the page without its nonce', '/ide/index.html'],
    ['a file beside the folder', '/ide/../index.js'],
    ['a file beside the folder, in disguise', '/ide/%2e%2e%2findex.js'],
    ['a folder', '/ide/assets'],
    ['a file that is not there', '/ide/nothing.js'],
  ])('does not serve %s', async (_what, path) => {
    await get(path).expect(404).expect('Content-Security-Policy', NOTHING);
  });
});
