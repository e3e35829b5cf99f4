import fc from 'fast-check';
import { passwordProblem } from '../../src/passwords/password-policy.js';
import { fastestMs } from '../support/fastest.js';

const email = 'Ada.Lovelace@Example.com';
const tooShort = 'The password must have at least 8 characters.';
const tooLong = 'The password must have at most 1024 characters.';
const common = 'The password is among the most common ones.';
const malformed = 'The password contains a character that is not valid Unicode.';
const context = 'The password must differ from the e-mail address and from the name of this service.';

/** On no list; lengthened where a test needs it. */
const uncommon = 'quartz violin umbrella 4';

describe('a new password is accepted', () => {
  it.each([
    ['with exactly 8 characters', 'xq7 vbnz'],
    ['with 8 code points of four bytes', '🔑🎻🦉🌋🧭🪁🥨🛶'],
    ['with 1024 code points of four bytes', '🔑'.repeat(1024)],
    ['with 64 characters', uncommon.padEnd(64, 'z')],
    ['with 128 characters', uncommon.padEnd(128, 'z')],
    ['with 256 code points of four bytes', '🔑'.repeat(256)],
    ['in lower case only', 'quartzviolinumbrella'],
    ['in Chinese, Japanese or Korean only', '電池馬釘正確訂書機'],
    ['of spaces only', ' '.repeat(12)],
    ['with a NUL and control characters', 'quartz\0violin\u0007'],
    ['that contains the e-mail among other words', `${email} and a violin`],
  ])('%s', (_rule, password) => {
    expect(passwordProblem(password, { email })).toBeUndefined();
  });

  it('as 1024 characters although it arrives decomposed in four times as many', () => {
    expect(passwordProblem('\u1f82'.normalize('NFD').repeat(1024), { email })).toBeUndefined();
  });
});

describe('a new password is refused', () => {
  it.each([
    ['when empty', '', tooShort],
    ['with 7 characters', 'xq7 vbn', tooShort],
    ['with 7 characters of four bytes', '🔑'.repeat(7), tooShort],
    ['with 7 characters that arrive decomposed as 14', 'é'.normalize('NFD').repeat(7), tooShort],
    ['with 1025 characters', uncommon.padEnd(1025, 'z'), tooLong],
    ['with 5 million characters', 'z'.repeat(5_000_000), tooLong],
    ['with a lone high surrogate', `${uncommon}\ud83d`, malformed],
    ['with a lone low surrogate', `\udd11${uncommon}`, malformed],
    ['when it is a common one', 'sunshine', common],
    ['when it is a common one in capitals', 'SunShine', common],
    ['when it is the e-mail', email, context],
    ['when it is the e-mail in other case and with spaces around', ` ${email.toUpperCase()} `, context],
    ['when it is the part before the @', 'ada.lovelace', context],
    ['when it is the name of this service', 'Latchkey', context],
  ])('%s', (_rule, password, problem) => {
    expect(passwordProblem(password, { email })).toBe(problem);
  });

  it('in no time when it has megabytes', async () => {
    const megabytes = 'e\u0301'.repeat(5_000_000);
    expect(await fastestMs(() => expect(passwordProblem(megabytes, { email })).toBe(tooLong))).toBeLessThan(100);
  });

  it('when it equals the e-mail in another normal form', () => {
    expect(passwordProblem('rené-adèle', { email: 'René-Adèle@example.com'.normalize('NFD') })).toBe(context);
  });

  it('without the message ever containing it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 3, maxLength: 40 }), (password) => {
        const marked = `§${password}`;
        expect(passwordProblem(marked, { email: marked }) ?? '').not.toContain(marked);
      }),
    );
  });
});

describe('an e-mail that is missing or malformed', () => {
  it.each([{}, { email: '' }, { email: 'no at sign' }, { email: '@' }])(
    'leaves the other rules as they are: %j',
    (given) => {
      expect(passwordProblem(uncommon, given)).toBeUndefined();
      expect(passwordProblem(' '.repeat(12), given)).toBeUndefined();
      expect(passwordProblem('latchkey', given)).toBe(context);
    },
  );
});
