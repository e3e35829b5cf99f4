import { jest } from '@jest/globals';
import { complain, tell } from '../../src/cli/output.js';

/** Of an administrator, a user or a mail server: moves the cursor, names the window, turns the direction. */
const HOSTILE = 'a\u001b[2Kb\u001b]0;c\u0007d\u009b1me\u202ef\u2066g\rh';

function writtenBy(stream: NodeJS.WriteStream, write: () => void): string {
  const spy = jest.spyOn(stream, 'write').mockReturnValue(true);
  write();
  const written = spy.mock.calls.map(([text]) => String(text)).join('');
  spy.mockRestore();
  return written;
}

describe('what a command writes', () => {
  it('does nothing to the terminal, whoever wrote a part of it', () => {
    const shown = 'a\ufffd[2Kb\ufffd]0;c\ufffdd\ufffd1me\ufffdf\ufffdg\ufffdh';
    expect(writtenBy(process.stdout, () => tell([HOSTILE, 'next'], {}))).toBe(`${shown}\nnext\n`);
    expect(writtenBy(process.stderr, () => complain(HOSTILE))).toBe(`${shown}\n`);
  });

  it('has a line for each fact, whatever its text holds', () => {
    expect(writtenBy(process.stdout, () => tell(['name  Ada\nroles  admin', 'next'], {}))).toBe(
      'name  Ada\ufffdroles  admin\nnext\n',
    );
    expect(writtenBy(process.stderr, () => complain('Ada\nadmin', [{ path: 'a\nb', message: 'c\nd' }]))).toBe(
      'Ada\ufffdadmin\n  a\ufffdb: c\ufffdd\n',
    );
  });
});
