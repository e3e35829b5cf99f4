import fc from 'fast-check';
import { phaseOf } from '../../src/keys/key-phase.js';

const LIFETIMES = { ACCESS_TOKEN_TTL: 900, CLOCK_TOLERANCE_SECONDS: 5 };
const at = (seconds: number) => new Date(seconds * 1000);

describe('a signing key', () => {
  it.each([
    ['published', 'before it signs', 99],
    ['active', 'from the first second', 100],
    ['active', 'until its successor signs', 199],
    ['retiring', 'while its last token may live', 200],
    ['retiring', 'to the last second of it', 200 + 905],
    ['retired', 'afterwards', 200 + 906],
  ])('is %s %s', (phase, _, now) => {
    expect(phaseOf({ activeFrom: at(100) }, { activeFrom: at(200) }, at(now), LIFETIMES)).toBe(phase);
  });

  it('is active for ever without a successor', () => {
    expect(phaseOf({ activeFrom: at(100) }, undefined, at(1e9), LIFETIMES)).toBe('active');
  });

  it('is retired from when an operator says so, whatever else', () => {
    const revoked = { activeFrom: at(100), retiredAt: at(150) };
    expect(phaseOf(revoked, undefined, at(149), LIFETIMES)).toBe('active');
    expect(phaseOf(revoked, undefined, at(150), LIFETIMES)).toBe('retired');
  });

  it('verifies every token that it signed, as long as that lives', () => {
    const times = fc.record({
      from: fc.integer({ min: 0, max: 10_000 }),
      signs: fc.integer({ min: 1, max: 10_000 }),
      issued: fc.nat(10_000),
      age: fc.integer({ min: 0, max: 905 }),
    });
    fc.assert(
      fc.property(times, ({ from, signs, issued, age }) => {
        const [key, successor] = [{ activeFrom: at(from) }, { activeFrom: at(from + signs) }];
        const issuedAt = from + (issued % signs);
        expect(phaseOf(key, successor, at(issuedAt), LIFETIMES)).toBe('active');
        expect(phaseOf(key, successor, at(issuedAt + age), LIFETIMES)).not.toBe('retired');
      }),
    );
  });
});
