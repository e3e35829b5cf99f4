import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { encrypt } from 'unixcrypt';
import { foreignVerifier } from '../../src/passwords/foreign-hash.js';
import { formatPbkdf2 } from '../../src/passwords/schemes/pbkdf2.js';
import { formatFirebaseHash } from '../../src/passwords/schemes/scrypt.js';

const sha = (hash: string, ...parts: string[]) => createHash(hash).update(parts.join('')).digest('base64');

/** The published parameters and the first user of https://github.com/firebase/scrypt. */
const FIREBASE = {
  memoryCost: 14,
  rounds: 8,
  salt: '42xEC+ixf3L2lw==',
  saltSeparator: 'Bw==',
  signerKey: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
  hash: 'lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==',
};

const HASHES: [scheme: string, password: string, stored: string][] = [
  // The tests of the reference implementation, P-H-C/phc-winner-argon2.
  ['argon2id', 'password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
  ['argon2i', 'password', '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA'],
  // The documentation of passlib.
  ['scrypt', 'password', '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E'],
  [
    'PBKDF2-SHA-256',
    'password',
    '$pbkdf2-sha256$6400$.6UI/S.nXIk8jcbdHx3Fhg$98jZicV16ODfEsEZeYPGHU3kbrUrvUEXOPimVSQDD44',
  ],
  [
    'LDAP, salted',
    'password',
    `{SSHA256}${Buffer.concat([createHash('sha256').update('passwordsalt').digest(), Buffer.from('salt')]).toString('base64')}`,
  ],
  ['LDAP, SHA-1', 'password', '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
  // RFC 6070.
  ['PBKDF2-SHA-1', 'password', '$pbkdf2$4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE'],
  ['PBKDF2-SHA-1 in the PHC form', 'password', formatPbkdf2('sha1', 4096, 'c2FsdA==', 'SwB5AbdlSJq+rUnZJvch0GWkKcE=')],
  ['Firebase', 'user1password', formatFirebaseHash(FIREBASE)],
  // Ulrich Drepper's specification.
  ['SHA-256-crypt', 'Hello world!', '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'],
  [
    'SHA-512-crypt',
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  ['SHA-256, salt first', 'pass', `$sha256$salt-first$c2FsdA==$${sha('sha256', 'salt', 'pass')}`],
  ['SHA-512, salt last', 'pass', `$sha512$salt-last$c2FsdA==$${sha('sha512', 'pass', 'salt')}`],
  ['SHA-1, no salt', 'pass', `$sha1$salt-first$$${sha('sha1', 'pass')}`],
];

/** A hash that costs as much as one of these. */
const pbkdf2Of = (hash: string, rounds: number, bytes: number): string =>
  formatPbkdf2(hash, rounds, 'c2FsdA==', Buffer.alloc(bytes, 1).toString('base64'));

describe('a hash of another server', () => {
  it.each(HASHES)('of %s fits its password and no other', async (_, password, stored) => {
    const verify = foreignVerifier(stored);
    expect(await verify?.(password)).toBe(true);
    for (const other of ['', `${password} `, password.toUpperCase(), 'another'])
      expect(await verify?.(other)).toBe(false);
  });

  it.each(HASHES)('of %s is not read when it is cut or has more behind it', (_, __, stored) => {
    for (const damaged of [stored.slice(0, stored.length / 2), `${stored}$`, ` ${stored}`, `${stored}\n`]) {
      expect(foreignVerifier(damaged)).toBeUndefined();
    }
  });

  it.each([
    ['argon2, by memory', '$argon2id$v=19$m=1048576,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['argon2, by passes', '$argon2id$v=19$m=65536,t=1000,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['argon2, by lanes', '$argon2id$v=19$m=65536,t=1,p=255$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['scrypt, by N', '$scrypt$ln=20,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E'],
    ['scrypt, by p', '$scrypt$ln=14,r=8,p=99$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E'],
    ['PBKDF2', '$pbkdf2-sha256$99999999$0ZrzXitFSGltTQnBWOsdeg$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M'],
    ['PBKDF2, by a long digest', formatPbkdf2('sha512', 1, 'c2FsdA==', Buffer.alloc(65).toString('base64'))],
    ['PBKDF2, by the four blocks of a digest of SHA-1', pbkdf2Of('sha1', 500_001, 64)],
    ['PBKDF2, by the two blocks of a digest of SHA-1', pbkdf2Of('sha1', 1_000_001, 21)],
    ['PBKDF2, by the two blocks of a digest of SHA-256', pbkdf2Of('sha256', 1_000_001, 33)],
    ['PBKDF2, by the one block of a digest of SHA-512', pbkdf2Of('sha512', 2_000_001, 64)],
    ['Firebase', formatFirebaseHash({ ...FIREBASE, memoryCost: 20 })],
    [
      'SHA-crypt',
      '$6$rounds=900000$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
    ],
  ])('that would cost too much is not read: %s', (_, stored) => {
    expect(foreignVerifier(stored)).toBeUndefined();
  });

  it.each([
    ['SHA-1, one block', pbkdf2Of('sha1', 2_000_000, 20)],
    ['SHA-1, two blocks', pbkdf2Of('sha1', 1_000_000, 21)],
    ['SHA-1, four blocks', pbkdf2Of('sha1', 500_000, 64)],
    ['SHA-256, one block', pbkdf2Of('sha256', 2_000_000, 32)],
    ['SHA-256, two blocks', pbkdf2Of('sha256', 1_000_000, 64)],
    ['SHA-512, one block', pbkdf2Of('sha512', 2_000_000, 64)],
  ])('of PBKDF2 that costs as much as may be is read: %s', (_, stored) => {
    expect(foreignVerifier(stored)).toBeDefined();
  });

  it.each([
    [
      'argon2d, which leaks by its memory',
      '$argon2d$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    ['argon2 without memory', '$argon2id$v=19$m=0,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['argon2 without lanes', '$argon2id$v=19$m=65536,t=2,p=0$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    ['argon2 without passes', '$argon2id$v=19$m=65536,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'],
    [
      'argon2 with less memory than its lanes need',
      '$argon2id$v=19$m=31,t=2,p=4$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc',
    ],
    [
      'scrypt with a greater N than its r allows',
      '$scrypt$ln=16,r=1,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
    ],
    [
      "Firebase's scrypt with a greater N than its r allows",
      formatFirebaseHash({ ...FIREBASE, memoryCost: 16, rounds: 1 }),
    ],
    ['a digest that could be met by chance', '$pbkdf2-sha256$1000$c2FsdA$AAAA'],
    ['LDAP without the salt that it says', '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
    ['MD5', '{SMD5}tBO7Y7bYFO1bDGeFyyEH5HNhbHQ='],
  ])('is not read: %s', (_, stored) => {
    expect(foreignVerifier(stored)).toBeUndefined();
  });

  /** On this thread alone, where nobody else is answered meanwhile. Microseconds. */
  const cpuOfThread = async (work: () => unknown): Promise<number> => {
    const before = process.threadCpuUsage();
    await work();
    const { user, system } = process.threadCpuUsage(before);
    return user + system;
  };

  it.each(HASHES)(
    'of %s keeps the thread hardly longer for the longest password than for a short one',
    async (_, __, stored) => {
      const verify = foreignVerifier(stored);
      const cost = async (password: string) => {
        const costs: number[] = [];
        for (let time = 0; time < 2; time++) costs.push(await cpuOfThread(() => verify?.(password)));
        return Math.min(...costs);
      };
      await cost('warm-up');
      const [short, long] = [await cost('password'), await cost('\u{1F511}'.repeat(1_024))];
      // What takes less than this is no matter, whatever the ratio.
      expect(long).toBeLessThan(Math.max(3 * short, 5_000));
    },
  );

  it('of SHA-crypt fits a password of 128 bytes, and none that is longer', async () => {
    const fits = (password: string) => foreignVerifier(encrypt(password, '$6$saltstring'))?.(password);
    expect([await fits('x'.repeat(128)), await fits('x'.repeat(129))]).toEqual([true, false]);
  });

  it('is whatever text it likes, and reading it throws nothing', async () => {
    const starts = fc.constantFrom(
      '',
      '$argon2id$',
      '$scrypt$ln=',
      '$pbkdf2-sha256$',
      '{SSHA}',
      '$6$',
      '$firebase-scrypt$ln=1,r=1$',
    );
    await fc.assert(
      fc.asyncProperty(starts, fc.string(), async (start, rest) => {
        const verified = await foreignVerifier(start + rest)?.('password');
        expect(verified ?? false).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });
});
