import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { newId } from '../../src/common/ids.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { Outbox } from '../../src/mail/outbox.js';
import { ask, LifecycleServer } from '../lifecycle/operations.js';
import { newEmail, signUp } from '../support/accounts.js';
import { testEngine } from '../support/database.js';

let life: LifecycleServer;
let log: jest.Spied<Logger['warn']>;
beforeEach(async () => {
  log = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  life = await LifecycleServer.start();
});
afterEach(async () => {
  await life.stop();
  jest.restoreAllMocks();
});

const BYTES = `x'00ff'`;
const MOMENTS = testEngine === 'postgres' ? [`'infinity'`, `'-infinity'`, `'290000-01-01'`] : ['1.5', `'x'`, BYTES];

/** Values of SQL that a column takes and no server writes. */
const OTHER_VALUES: readonly (readonly [column: string, value: string])[] = [
  ...MOMENTS.flatMap((moment) => ['due_at', 'created_at'].map((column) => [column, moment] as const)),
  ['attempts', '2147483647'],
  ['template', `'other'`],
  ...(testEngine === 'postgres'
    ? []
    : ([
        ['id', BYTES],
        ['facts', `'{'`],
        ['facts', BYTES],
        ['attempts', `'x'`],
        ['attempts', BYTES],
        ['attempts', '9e18'],
        ['turn', `'x'`],
        ['recipient', BYTES],
      ] as const)),
];

/** A mail that comes before all others. */
async function insert(column: string, value: string): Promise<string> {
  const now = testEngine === 'postgres' ? 'now()' : String(life.server.clock.now().getTime());
  const id = newId();
  const row = {
    ...{ id: `'${id}'`, template: `'password-changed'`, recipient: `'${newEmail()}'`, facts: `'{}'`, salt: `'x'` },
    ...{ turn: '-5', created_at: now, due_at: now, attempts: '0', [column]: value },
  };
  const [names, values] = [Object.keys(row), Object.values(row)].map((list) => list.join());
  await life.server.em().execute(`insert into mails (${names}) values (${values})`);
  return id;
}

describe.each(OTHER_VALUES)('a mail whose %s is %s', (column, value) => {
  it('keeps no other from being sent or listed, and is sent, given up or told in the log', async () => {
    await insert(column, value);
    const { email } = await signUp(life.server);
    await ask.reset(life.server, email);
    await life.mailTo(email);
    expect(log.mock.calls.map(([message]) => String(message))).not.toContain('The outbox could not be read');
    const [left] = await life.server.app.get(Outbox).list();
    const isTold = log.mock.calls.flat().some((it) => /row of the outbox|could not be (stored|sent)/.test(String(it)));
    expect(left === undefined || Boolean(left.failedAt) || isTold).toBe(true);
    expect(await life.server.em().count(Mail)).toBe(left ? 1 : 0);
  });
});
