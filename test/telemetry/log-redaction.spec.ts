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
