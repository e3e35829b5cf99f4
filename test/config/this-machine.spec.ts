import { PRODUCTION, refusedNames } from './settings.js';

describe('the machine of whoever visits, in production', () => {
  const OWN = [
    'http://localhost:5173',
    'https://localhost',
    'https://127.0.0.1',
    'https://[::1]',
    'http://app.localhost:3000',
    'http://localhost.:5173',
    'http://127.0.0.1:5173',
    'http://127.1.2.3',
    'http://[::1]:5173',
    'http://[::ffff:127.0.0.1]:5173',
    'http://0.0.0.0:5173',
    'http://[::]:5173',
    'https://0.0.0.0',
    'https://[::]',
  ];

  it.each(OWN)('is not where the frontend is: %s', (url) => {
    expect(refusedNames({ ...PRODUCTION, APP_URL: url })).toEqual(['APP_URL']);
    const { origin } = new URL(url);
    expect(refusedNames({ ...PRODUCTION, CORS_ORIGINS: `https://app.example.com, ${origin}` })).toEqual([
      'CORS_ORIGINS',
    ]);
  });

  it('is not where it is by default, with a server or with mails for others', () => {
    expect(refusedNames({ ...PRODUCTION, APP_URL: undefined })).toEqual(['APP_URL']);
    const mails = { PUBLIC_URL: undefined, APP_URL: undefined, MAIL_URL: 'smtps://smtp.example.com' };
    expect(refusedNames({ ...PRODUCTION, ...mails })).toEqual(['APP_URL']);
    expect(refusedNames({ ...PRODUCTION, APP_URL: '', CORS_ORIGINS: 'https://app.example.com' })).toEqual(['APP_URL']);
  });

  it('is where it is while all is tried out on one machine', () => {
    for (const PUBLIC_URL of [undefined, ...OWN.slice(0, -4)]) {
      const MAIL_URL = 'smtp://127.0.0.1:1025';
      expect(refusedNames({ ...PRODUCTION, PUBLIC_URL, APP_URL: undefined, MAIL_URL })).toEqual([]);
    }
    for (const MAIL_URL of ['smtp://LocalHost:1025', 'smtp://127.0.0.2', 'smtp://[::1]:1025']) {
      expect(refusedNames({ ...PRODUCTION, PUBLIC_URL: undefined, APP_URL: undefined, MAIL_URL })).toEqual([]);
    }
    expect(refusedNames({ PUBLIC_URL: 'https://auth.example.com' })).toEqual([]);
  });

  it('is not the address of every machine: a server or a mail server there is for others', () => {
    for (const host of ['0.0.0.0', '[::]']) {
      expect(refusedNames({ ...PRODUCTION, PUBLIC_URL: `https://${host}`, APP_URL: undefined })).toEqual(['APP_URL']);
      const MAIL_URL = `smtp://${host}:1025`;
      expect(refusedNames({ ...PRODUCTION, PUBLIC_URL: undefined, APP_URL: undefined, MAIL_URL })).toEqual(['APP_URL']);
    }
  });
});
