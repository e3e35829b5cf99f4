import { envSchema } from '../../src/config/env.schema.js';
import { durations } from './durations.js';
import { problemsOf, refusedNames } from './settings.js';

const DAY = 86_400;

/** What a timer of Node holds, in milliseconds. A longer one ends at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

it('every setting of time has a least and a greatest value, and the message names both', () => {
  const isOfTime = (name: string) => /_(TTL|AGE|TIMEOUT|DELAY|RETENTION|INTERVAL|HOLD|FOR)$/.test(name);
  expect(durations.map(({ name }) => name)).toEqual(Object.keys(envSchema.shape).filter(isOfTime));
});

it.each(durations)('$name: from $least to $greatest, and nothing beyond', ({ name, least, greatest }) => {
  const isRefused = (value: string) => refusedNames({ [name]: value }).includes(name);
  const outside = [String(secondsOf(least) - 1), String(secondsOf(greatest) + 1), '999999999d'];
  const beside = outside.filter((value) => value !== '0' || !accepts(name, '0'));
  expect([isInRange(name, least), isInRange(name, greatest), ...beside.map(isRefused)]).toEqual([
    true,
    true,
    ...beside.map(() => true),
  ]);
});

it('what becomes a timer is no longer than a timer can be', () => {
  const timers = durations.filter(({ name }) => /^(DATABASE_|SHUTDOWN_)/.test(name));
  expect(timers.map(({ name }) => name)).toHaveLength(5);
  const together = timers.map(({ greatest }) => secondsOf(greatest)).reduce((sum, seconds) => sum + seconds);
  expect(together * 1000).toBeLessThan(LONGEST_TIMER_MS);
});

// 365 without a unit is 365 seconds, and the trail would be gone.
it.each(['AUDIT_RETENTION', 'SESSION_RETENTION', 'EMAIL_REVERT_TTL', 'DELETED_EMAIL_HOLD'])(
  '%s is at least a day: a number that was meant in days is refused',
  (name) => {
    const refused = problemsOf({ [name]: '365' });
    expect(refused).toEqual([
      {
        name,
        reason: expect.stringMatching(/^must be a duration from 1d to \d+d; a number without a unit is seconds/),
      },
    ]);
    expect(problemsOf({ [name]: String(DAY) })).toEqual([]);
  },
);

it.each([
  ['ACCESS_TOKEN_TTL', '1h', '61m'],
  ['REAUTHENTICATION_MAX_AGE', '1h', '61m'],
  ['PASSWORD_RESET_TTL', '1d', '25h'],
  ['MAGIC_LINK_TTL', '1d', '25h'],
])('%s is at most %s: what a thief could use ends soon', (name, most, more) => {
  expect([refusedNames({ [name]: most }), refusedNames({ [name]: more })]).toEqual([[], [name]]);
});

function secondsOf(span: string): number {
  const seconds: Record<string, number> = { s: 1, m: 60, h: 3_600, d: DAY };
  return Number(span.slice(0, -1)) * (seconds[span.slice(-1)] ?? Number.NaN);
}

function accepts(name: string, value: string): boolean {
  return !refusedNames({ [name]: value }).includes(name);
}

/** Whether the value itself is accepted: rules over several settings are tested with them. */
function isInRange(name: string, value: string): boolean {
  return !problemsOf({ [name]: value }).some((problem) => problem.name === name && /duration/.test(problem.reason));
}
