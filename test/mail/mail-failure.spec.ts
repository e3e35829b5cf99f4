import { failureOf } from '../../src/mail/mail-failure.js';

const refusal = (response: string): Error =>
  Object.assign(new Error(response), { code: 'EENVELOPE', responseCode: 550, response });

const START = 'EENVELOPE: ';

describe('the reason that a mail server gives is one line that is stored and shown', () => {
  it.each([
    ['NUL', 'no\0such user', 'no such user'],
    ['line breaks', 'no\r\nsuch\u2028user', 'no such user'],
    ['what moves the cursor of a terminal', 'no\x1b[2J\x07\x85user', 'no [2J user'],
    ['what turns the direction of a text', 'no\u202eresu', 'no resu'],
    ['half a surrogate pair', 'no\ud83duser', 'no user'],
    ['letters beyond ASCII', 'keine Söhne \u{1f9c2}', 'keine Söhne \u{1f9c2}'],
    ['half a letter where it is cut', `${'x'.repeat(499 - START.length)}\u{1f9c2}`, 'x'.repeat(499 - START.length)],
  ])('with %s', (_, said, shown) => {
    expect(failureOf(refusal(said))).toEqual({ code: 'EENVELOPE 550', reason: START + shown, isFinal: true });
  });

  it('with nothing else in it', () => {
    expect(failureOf(new Error('\0')).reason).toBe('unknown');
  });
});
