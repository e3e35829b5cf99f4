import fc from 'fast-check';
import { v4 } from 'uuid';
import { isGenuine, newRefreshSalt, parseRefreshToken, refreshKeyOf } from '../../src/sessions/refresh-token.js';
import { refreshTokenOf } from '../support/refresh-tokens.js';

const secret = fc.string({ minLength: 32, unit: 'binary' });
const session = fc.record({ id: fc.uuid(), refreshSalt: fc.constant(undefined).map(newRefreshSalt) });
const counter = fc.nat({ max: 2 ** 32 - 1 });

/** True when the text parses and was made with the secret for the salt: what the server asks before all else. */
function isAccepted(token: string, salt: string, of: string): boolean {
  const parsed = parseRefreshToken(token);
  return parsed !== undefined && isGenuine(parsed, refreshKeyOf(of, salt));
}

describe('a refresh token', () => {
  it('says the session and the counter that it was made with, and is genuine', () => {
    fc.assert(
      fc.property(secret, session, counter, (key, of, count) => {
        const parsed = parseRefreshToken(refreshTokenOf(key, of, count));
        expect(parsed).toMatchObject({ sessionId: of.id, counter: count });
        expect(parsed && isGenuine(parsed, refreshKeyOf(key, of.refreshSalt))).toBe(true);
      }),
    );
  });

  it('is the same text whoever makes it, so that every instance answers the same successor', () => {
    fc.assert(
      fc.property(secret, session, counter, (key, of, count) => {
        expect(refreshTokenOf(key, of, count)).toBe(refreshTokenOf(key, { ...of }, count));
      }),
    );
  });

  it('is short, safe in a header, a cookie and a URL, and told apart by its prefix', () => {
    expect(refreshTokenOf('secret', { id: v4(), refreshSalt: newRefreshSalt() }, 0)).toMatch(/^lkr_[\w-]{71}$/);
  });

  it('differs between counters, sessions, salts and secrets', () => {
    const of = { id: v4(), refreshSalt: newRefreshSalt() };
    const tokens = [
      refreshTokenOf('one', of, 0),
      refreshTokenOf('one', of, 1),
      refreshTokenOf('two', of, 0),
      refreshTokenOf('one', { ...of, id: v4() }, 0),
      refreshTokenOf('one', { ...of, refreshSalt: newRefreshSalt() }, 0),
    ];
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  // @see kelektiv/node.bcrypt.js#1188
  it('is refused after any change of one byte, wherever it is', () => {
    const change = fc.integer({ min: 1, max: 255 });
    fc.assert(
      fc.property(secret, session, counter, fc.nat({ max: 52 }), change, (key, of, count, at, difference) => {
        const bytes = Buffer.from(refreshTokenOf(key, of, count).slice(4), 'base64url');
        bytes.writeUInt8((bytes[at] ?? 0) ^ difference, at);
        expect(isAccepted(`lkr_${bytes.toString('base64url')}`, of.refreshSalt, key)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused after any change of its text: one character more, less or other', () => {
    const of = { id: v4(), refreshSalt: newRefreshSalt() };
    const token = refreshTokenOf('secret', of, 7);
    const position = fc.nat({ max: token.length });
    fc.assert(
      fc.property(position, fc.string({ maxLength: 1, unit: 'binary-ascii' }), fc.nat({ max: 1 }), (at, text, cut) => {
        const mutated = token.slice(0, at) + text + token.slice(at + cut);
        fc.pre(mutated !== token);
        expect(isAccepted(mutated, of.refreshSalt, 'secret')).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('can not be made with the salt alone, nor with the secret alone', () => {
    fc.assert(
      fc.property(secret, secret, session, counter, (key, guess, of, count) => {
        fc.pre(key !== guess);
        const stolenDatabase = refreshTokenOf(guess, of, count);
        const stolenSecret = refreshTokenOf(key, { id: of.id, refreshSalt: newRefreshSalt() }, count);
        expect(isAccepted(stolenDatabase, of.refreshSalt, key)).toBe(false);
        expect(isAccepted(stolenSecret, of.refreshSalt, key)).toBe(false);
      }),
    );
  });

  it('is nothing else: any other text is refused without an error', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string().map((text) => `lkr_${text}`),
        ),
        (text) => {
          expect(parseRefreshToken(text)).toBeUndefined();
        },
      ),
    );
  });
});
