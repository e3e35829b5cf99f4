import { CheckConstraintViolationException, DriverException } from '@mikro-orm/core';
import fc from 'fast-check';
import type { Logger } from 'pino';
import { pinoHttp } from 'pino-http';
import { Writable } from 'node:stream';
import { pinoOptions } from '../../src/logging/pino.options.js';

const SECRETS = [
  'password',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'secret',
] as const;

const CANARY = 'canary-value';

/** What the server's logger writes for this. */
function written(log: (logger: Logger) => void): Record<string, unknown> {
  const lines: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  // As `nestjs-pino` makes it.
  log(pinoHttp(pinoOptions({ LOG_LEVEL: 'info', NODE_ENV: 'production' }), stream).logger);
  return JSON.parse(lines.join('')) as Record<string, unknown>;
}

/** The value inside of objects and arrays, the innermost first. */
const inside = (value: unknown, around: readonly string[]): unknown =>
  around.reduce<unknown>((inner, name) => (name === '[]' ? [inner] : { [name]: inner }), value);

describe('a line of the log', () => {
  it('never holds what is called a secret, wherever it is', () => {
    const surroundings = fc.array(fc.constantFrom('a', 'details', '[]'), { maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...SECRETS), surroundings, (name, around) => {
        const line = written((logger) => logger.info({ facts: inside({ [name]: CANARY, other: 1 }, around) }, 'text'));
        expect(line['facts']).toEqual(inside({ [name]: '[redacted]', other: 1 }, around));
      }),
    );
  });

  it.each(SECRETS)('never holds the %s of an error', (name) => {
    const error = Object.assign(new Error('no'), { [name]: CANARY, config: { headers: { [name]: CANARY } } });
    const { err } = written((logger) => logger.error({ err: error }, 'text'));
    expect(err).toMatchObject({
      type: 'Error',
      message: 'no',
      [name]: '[redacted]',
      config: { headers: { [name]: '[redacted]' } },
    });
  });

  it('never holds the secret of an instance, as inputs are', () => {
    class Input {
      readonly email = 'a@example.com';
      readonly password = CANARY;
    }
    const facts = { input: new Input(), list: [new Input()] };
    const shown = { email: 'a@example.com', password: '[redacted]' };
    expect(written((logger) => logger.info(facts, 'text'))).toMatchObject({ input: shown, list: [shown] });
  });

  it('never holds the secret of an error in another place, or of several errors', () => {
    const error = Object.assign(new Error('no'), { token: CANARY });
    const line = written((logger) => logger.info({ reason: error, err: new AggregateError([error], 'all') }, 'text'));
    expect(line).toMatchObject({ reason: { token: '[redacted]' }, err: { type: 'AggregateError', message: 'all' } });
    expect(JSON.stringify(line)).not.toContain(CANARY);
  });

  it('never holds what the database says of a failed row, wherever it is', () => {
    const detail = `Failing row contains (${CANARY}).`;
    const first = 'new row for relation "users" violates check constraint "users_email_normalized"';
    const fault = Object.assign(new Error(`${first}\n - detail: ${detail}`), { code: '23514', detail });
    const error = new CheckConstraintViolationException(fault);
    for (const facts of [{ err: error }, { reason: error }, { job: { errors: [error] } }]) {
      const line = JSON.stringify(written((logger) => logger.warn(facts, 'text')));
      expect(line).toContain('users_email_normalized');
      expect(line).not.toContain(CANARY);
    }
  });

  it('never holds what a trigger of the operator says', () => {
    const error = new DriverException(Object.assign(new Error(`no room for ${CANARY}`), { code: 'P0001' }));
    const line = JSON.stringify(written((logger) => logger.error({ err: error }, 'text')));
    expect(line).toContain('The database has raised P0001.');
    expect(line).not.toContain(CANARY);
  });

  it('never holds the secret of what writes itself, and shows an error that is a text', () => {
    const facts = { client: { toJSON: () => ({ name: 'a', secret: CANARY }) }, err: 'a text' };
    const shown = { client: { name: 'a', secret: '[redacted]' }, err: 'a text' };
    expect(written((logger) => logger.error(facts, 'text'))).toMatchObject(shown);
  });

  it('leaves out what is deeper than it looks', () => {
    const deep = inside(
      { password: CANARY },
      Array.from({ length: 30 }, () => 'a'),
    );
    expect(JSON.stringify(written((logger) => logger.info({ deep }, 'text')))).not.toContain(CANARY);
  });

  it('shows all else as it is', () => {
    const facts = { at: new Date(0), list: [1, 'two', null], nested: { url: new URL('https://example.com/') } };
    expect(written((logger) => logger.info(facts, 'text'))).toMatchObject({
      at: '1970-01-01T00:00:00.000Z',
      list: [1, 'two', null],
      nested: { url: 'https://example.com/' },
      msg: 'text',
    });
  });

  it('is written of an object that holds itself', () => {
    const facts: Record<string, unknown> = { name: 'a' };
    facts['self'] = facts;
    expect(written((logger) => logger.info({ facts }, 'text'))).toMatchObject({ facts: { name: 'a' }, msg: 'text' });
  });
});
