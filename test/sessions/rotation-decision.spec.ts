import fc from 'fast-check';
import { decideRotation, type RotationDecision, type RotationState } from '../../src/sessions/rotation-decision.js';

const NOW = Date.UTC(2030, 0, 1);
const DAY = 86_400;
const at = (seconds: number): Date => new Date(NOW + seconds * 1000);
const limits = { graceSeconds: 60, sessionMaxAgeSeconds: 90 * DAY };

const alive: RotationState = {
  refreshCounter: 5,
  rotatedAt: at(-3600),
  createdAt: at(-2 * DAY),
  expiresAt: at(28 * DAY),
  revokedAt: null,
  userDisabledAt: null,
};

const decide = (counter: number, change: Partial<RotationState> = {}, graceSeconds = 60): RotationDecision =>
  decideRotation(counter, { ...alive, ...change }, at(0), { ...limits, graceSeconds });

const REUSED = { kind: 'refuse', refusal: 'reused', alarm: 'reused' };

describe('what to do with a genuine refresh token', () => {
  it('the current one rotates', () => {
    expect(decide(5)).toEqual({ kind: 'rotate' });
  });

  it.each([
    [0, 'same-successor'],
    [59.999, 'same-successor'],
    [60, 'refuse'],
    [61, 'refuse'],
  ])('the one before, %d s after its rotation, with a grace period of 60 s: %s', (age, kind) => {
    expect(decide(4, { rotatedAt: at(-age) })).toEqual(kind === 'refuse' ? REUSED : { kind });
  });

  it('without a grace period the one before is reuse at once, by whatever clock of an instance', () => {
    for (const age of [0, -1, -60]) expect(decide(4, { rotatedAt: at(-age) }, 0)).toEqual(REUSED);
  });

  it('a rotation in the future gives no grace, beyond the minute by which clocks of instances differ', () => {
    for (const age of [-0.001, -60]) expect(decide(4, { rotatedAt: at(-age) })).toEqual({ kind: 'same-successor' });
    fc.assert(
      fc.property(fc.integer({ min: 60_001, max: 400 * DAY * 1000 }), fc.nat({ max: 300 }), (ahead, grace) => {
        expect(decide(4, { rotatedAt: at(ahead / 1000) }, grace)).toEqual(REUSED);
      }),
    );
  });

  // @see django-oauth/django-oauth-toolkit#1617
  it('the grace period reaches the immediate parent and nobody older', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3 }), fc.integer({ min: 0, max: 300 }), fc.nat({ max: 300 }), (counter, age, grace) => {
        expect(decide(counter, { rotatedAt: at(-age) }, grace)).toEqual(REUSED);
      }),
    );
  });

  it('one that is newer than the row is refused, and never called reuse', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6, max: 2 ** 32 - 1 }), fc.nat({ max: 300 }), (counter, age) => {
        const decision = { kind: 'refuse', refusal: 'invalid', alarm: 'unknown-counter' };
        expect(decide(counter, { rotatedAt: at(-age) })).toEqual(decision);
      }),
    );
  });

  it.each([
    ['revoked', { revokedAt: at(-1) }, 'session-revoked'],
    ['of a disabled user', { userDisabledAt: at(-1) }, 'account-disabled'],
    ['idle for too long', { expiresAt: at(0) }, 'expired'],
    ['at its absolute end', { createdAt: at(-90 * DAY), expiresAt: at(0) }, 'session-expired'],
    ['long past its absolute end', { createdAt: at(-365 * DAY), expiresAt: at(-275 * DAY) }, 'session-expired'],
    [
      'revoked, of a disabled user, and over',
      { revokedAt: at(-1), userDisabledAt: at(-1), expiresAt: at(-1) },
      'session-revoked',
    ],
  ])('no token of a session that is %s rotates, and none raises an alarm', (_, change, refusal) => {
    fc.assert(
      fc.property(fc.nat({ max: 10 }), fc.nat({ max: 300 }), (counter, grace) => {
        expect(decide(counter, change, grace)).toEqual({ kind: 'refuse', refusal });
      }),
    );
  });

  it('counts, and never compares times: a clock that goes backwards makes no current token stale', () => {
    const anyTime = fc.integer({ min: -400 * DAY, max: 400 * DAY }).map(at);
    fc.assert(
      fc.property(anyTime, anyTime, fc.nat({ max: 2 ** 31 }), (rotatedAt, createdAt, refreshCounter) => {
        expect(decide(refreshCounter, { rotatedAt, createdAt, refreshCounter })).toEqual({ kind: 'rotate' });
      }),
    );
  });
});
