import { failureOf } from '../../src/mail/mail-failure.js';
import { ATTEMPT_MS, LEASE_MS, nextAttempt } from '../../src/mail/mail-schedule.js';
import { TIMEOUTS } from '../../src/mail/mail-transport.js';

const DAY = 86_400;
const createdAt = new Date('2026-11-26T00:00:00Z');
const after = (seconds: number) => new Date(createdAt.getTime() + seconds * 1000);

describe('the next attempt to send a mail', () => {
  it('is never after its end, at which it is made for the last time', () => {
    const template = 'magic-link';
    expect(nextAttempt({ template, createdAt, attempts: 30 }, after(DAY - 5), DAY)).toEqual(after(DAY));
    expect(nextAttempt({ template, createdAt, attempts: 31 }, after(DAY), DAY)).toBeUndefined();
  });

  it.each([
    ['confirm-email-change', 300],
    ['magic-link', 3_600],
  ] as const)('of a %s comes after %d s at the most', (template, seconds) => {
    expect(nextAttempt({ template, createdAt, attempts: 9 }, after(1_200), DAY)).toEqual(after(1_200 + seconds));
  });
});

describe('a mail server', () => {
  it('has two minutes to take a mail over, and little time to be there at all', () => {
    const { socketTimeout, ...others } = TIMEOUTS;
    expect(socketTimeout).toBe(120_000);
    expect(Math.max(...Object.values(others))).toBe(10_000);
    expect(ATTEMPT_MS).toBeGreaterThan(120_000);
    expect(LEASE_MS).toBe(240_000);
    expect(LEASE_MS - ATTEMPT_MS).toBe(60_000);
  });
});

describe('a failure', () => {
  const smtp = (code: string, responseCode?: number) =>
    Object.assign(new Error('m'), { code, responseCode, response: `${String(responseCode)} no\r\nsuch user` });

  it('is final when the server refuses this mail for ever, and not when it refuses us or is broken itself', () => {
    expect(failureOf(smtp('EENVELOPE', 550))).toEqual({
      code: 'EENVELOPE 550',
      reason: 'EENVELOPE: 550 no such user',
      isFinal: true,
    });
    expect(failureOf(smtp('EMESSAGE', 554)).isFinal).toBe(true);
    expect(failureOf(smtp('EENVELOPE', 451)).isFinal).toBe(false);
    expect(failureOf(smtp('EAUTH', 535)).isFinal).toBe(false);
    expect(failureOf(smtp('ECONNECTION')).isFinal).toBe(false);
    expect(failureOf('nonsense')).toEqual({ code: 'unknown', reason: 'unknown', isFinal: false });
  });
});
