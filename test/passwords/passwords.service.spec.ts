import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { AppError } from '../../src/common/app-error.js';
import { HashingQueue } from '../../src/passwords/hashing-queue.js';
import { PasswordsService } from '../../src/passwords/passwords.service.js';
import { fastestMs, RUNS } from '../support/fastest.js';
import { BCRYPT_SHA256_V1, BCRYPT_SHA256_V2, PLAIN_BCRYPT, UNREADABLE_HASHES } from './published-hashes.js';

const email = 'ada@example.com';
/** Of another password. */
const QUICK = `$sha256$salt-last$c2FsdA==$${createHash('sha256').update('a secretsalt').digest('base64')}`;
const passphrase = 'a passphrase for the tests';
const passwords = withCost(4);

function withCost(cost: number): PasswordsService {
  return new PasswordsService({ BCRYPT_COST: cost }, new HashingQueue());
}

/** The real queue, which also counts. */
class CountingQueue extends HashingQueue {
  runs = 0;

  override run<T>(work: () => Promise<T>): Promise<T> {
    this.runs += 1;
    return super.run(work);
  }
}

describe('a stored hash', () => {
  it('has the public bcrypt_sha256 v2 form at the configured cost, with a fresh salt each time', async () => {
    const hashes = await Promise.all([passwords.rehash(passphrase), passwords.rehash(passphrase)]);

    for (const hash of hashes) {
      expect(hash).toMatch(/^\$bcrypt-sha256\$v=2,t=2b,r=4\$[./A-Za-z0-9]{21}[.Oeu]\$[./A-Za-z0-9]{31}$/);
    }
    expect(hashes[0]).not.toBe(hashes[1]);
  });

  it.each([...BCRYPT_SHA256_V2, ...BCRYPT_SHA256_V1, ...PLAIN_BCRYPT])(
    'that others published for %j verifies: %s',
    async (password, hash) => {
      await expect(passwords.verify(password, hash)).resolves.toBe(true);
      await expect(passwords.verify(`x${password}`, hash)).resolves.toBe(false);
    },
  );

  it.each([null, ...UNREADABLE_HASHES])('that is missing or unreadable is false and no error: %j', async (hash) => {
    await expect(passwords.verify('password', hash)).resolves.toBe(false);
    await expect(passwords.verify('', hash)).resolves.toBe(false);
  });
});

describe('a password', () => {
  it('is one password in NFC and in NFD', async () => {
    const accented = fc.string({
      unit: fc.constantFrom('é', 'ñ', 'ễ', 'Å', 'が', '각', 'a', ' '),
      minLength: 8,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(accented, async (password) => {
        const hash = await passwords.rehash(password.normalize('NFC'));
        await expect(passwords.verify(password.normalize('NFD'), hash)).resolves.toBe(true);
      }),
      { numRuns: 25 },
    );
  });

  it('verifies as received: one more character anywhere, at any length, makes another password', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 200 }),
        fc.nat(),
        async (password, at) => {
          const hash = await passwords.rehash(password);
          const cut = at % (password.length + 1);
          await expect(passwords.verify(password, hash)).resolves.toBe(true);
          await expect(passwords.verify(`${password.slice(0, cut)}.${password.slice(cut)}`, hash)).resolves.toBe(false);
        },
      ),
      { numRuns: 25 },
    );
  });

  it.each([
    ['what follows the 72nd byte', `${'a'.repeat(72)}X`, `${'a'.repeat(72)}Y`],
    ['the 19th emoji', '🔑'.repeat(19), '🔑'.repeat(18)],
    ['what follows a NUL', 'before\0after', 'before\0other'],
    ['a trailing space', 'trailing ', 'trailing'],
    ['case', 'Case Matters', 'case matters'],
    ['a lone surrogate, which is not U+FFFD', 'broken \ufffd text', 'broken \ud83d text'],
  ])('counts %s', async (_what, password, other) => {
    const hash = await passwords.rehash(password);

    await expect(passwords.verify(password, hash)).resolves.toBe(true);
    await expect(passwords.verify(other, hash)).resolves.toBe(false);
  });

  it('that cannot be hashed is false even where the empty password is the right one', async () => {
    const hash = await passwords.rehash('');

    await expect(passwords.verify('a'.repeat(100_000), hash)).resolves.toBe(false);
    await expect(passwords.verify('\ud83d', hash)).resolves.toBe(false);
  });

  it('of megabytes is false at the price of any other', async () => {
    const hash = await passwords.rehash(passphrase);

    const huge = 'é'.repeat(5_000_000);
    expect(await fastestMs(async () => expect(await passwords.verify(huge, hash)).toBe(false))).toBeLessThan(100);
  });
});

describe('hashNew', () => {
  it('hashes an acceptable password', async () => {
    const hash = await passwords.hashNew(passphrase, { email });

    await expect(passwords.verify(passphrase, hash)).resolves.toBe(true);
  });

  it.each([
    [{ email }, 'input.password'],
    [{ email, path: 'input.newPassword' }, 'input.newPassword'],
  ])('refuses with the field and the reason and without the value: %j', async (context, path) => {
    const refusal: unknown = await passwords.hashNew('sunshine1', context).catch((error: unknown) => error);

    expect(refusal).toBeInstanceOf(AppError);
    expect(refusal).toMatchObject({
      code: 'BAD_USER_INPUT',
      reason: 'WEAK_PASSWORD',
      action: 'FIX_INPUT',
      message: 'The password is not acceptable.',
      fields: [{ path, message: 'The password is among the most common ones.' }],
    });
  });
});

describe('a hash is due for another one', () => {
  it.each([
    ['not when it has our scheme at our cost', 5, BCRYPT_SHA256_V2[1]?.[1] ?? '', false],
    ['when the configured cost has risen', 6, BCRYPT_SHA256_V2[1]?.[1] ?? '', true],
    ['when the configured cost has fallen', 4, BCRYPT_SHA256_V2[1]?.[1] ?? '', true],
    ['when it is of the older format', 5, BCRYPT_SHA256_V1[1]?.[1] ?? '', true],
    ['when it is plain bcrypt', 5, PLAIN_BCRYPT[0]?.[1] ?? '', true],
    ['when it is unreadable', 5, '$argon2id$v=19$', true],
  ])('%s', (_rule, cost, hash, due) => {
    expect(withCost(cost).needsRehash(hash)).toBe(due);
  });
});

describe('the work for a failed login', () => {
  it('follows the configured cost when there is no hash', async () => {
    const [cheap, dear] = [withCost(4), withCost(9)];

    const cheapMs = await fastestMs(() => cheap.verify(passphrase, null));
    const dearMs = await fastestMs(() => dear.verify(passphrase, null));

    expect(dearMs).toBeGreaterThan(cheapMs * 5);
  });

  it.each([
    ['no hash', passphrase, () => null, 1],
    ['an unreadable hash', passphrase, () => '$argon2id$v=19$', 1],
    ['a quick hash of another server', passphrase, () => QUICK, 2],
    ['a password that nobody can have', 'broken \ud83d text', (hash: string) => hash, 1],
    ['a very long password', 'a'.repeat(100_000), (hash: string) => hash, 1],
  ])('is one bcrypt of that cost for %s, too', async (_reason, password, storedOf, turns) => {
    const queue = new CountingQueue();
    const dear = new PasswordsService({ BCRYPT_COST: 9 }, queue);
    const hash = await dear.rehash(passphrase);
    const stored = storedOf(hash);

    const wrongMs = await fastestMs(() => dear.verify('another passphrase', hash));
    queue.runs = 0;
    const ms = await fastestMs(() => dear.verify(password, stored));
    const wrongAgainMs = await fastestMs(() => dear.verify('another passphrase', hash));

    expect(queue.runs).toBe(turns * RUNS + RUNS);
    // Measured before and after: the machine may be slower for a while.
    expect(ms).toBeGreaterThan(Math.min(wrongMs, wrongAgainMs) / 2);
  });
});
