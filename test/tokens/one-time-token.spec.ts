import fc from 'fast-check';
import { oneTimeToken, oneTimeTokenHash, type TokenPurpose } from '../../src/tokens/one-time-token.js';

const PURPOSES: TokenPurpose[] = ['email_verification', 'password_reset', 'magic_link', 'email_change', 'email_revert'];

const salts = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
const secrets = fc.string({ minLength: 32, maxLength: 64 });

describe('a one-time token', () => {
  it('is the same each time for one mail, and another for every other secret, salt and purpose', () => {
    fc.assert(
      fc.property(secrets, secrets, salts, salts, (secret, otherSecret, salt, otherSalt) => {
        fc.pre(secret !== otherSecret && salt !== otherSalt);
        const [purpose = 'magic_link', ...others] = PURPOSES;
        const token = oneTimeToken(secret, salt, purpose);
        expect(oneTimeToken(secret, salt, purpose)).toBe(token);
        expect(token).toMatch(/^lko_[\w-]{43}$/);
        const different = [
          oneTimeToken(otherSecret, salt, purpose),
          oneTimeToken(secret, otherSalt, purpose),
          ...others.map((it) => oneTimeToken(secret, salt, it)),
        ];
        expect(new Set([token, ...different]).size).toBe(2 + PURPOSES.length);
      }),
    );
  });

  it('has a hash only if it has the form of one', () => {
    fc.assert(fc.property(fc.string(), (text) => oneTimeTokenHash(text) === undefined));
    // printf lko_AAA… | openssl dgst -sha256 -binary, in base64url
    expect(oneTimeTokenHash(`lko_${'A'.repeat(43)}`)).toBe('l9rTKnLLUFKGMJ5hEQhHCOGW3dahpXl8DopT1XUn6Es');
  });
});
