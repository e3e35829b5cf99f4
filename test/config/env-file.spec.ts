import fc from 'fast-check';
import { parseEnvFile } from '../../src/config/env-file.js';

describe('.env', () => {
  it.each([
    ['A=abc#def', 'abc#def'],
    ['A=abc #def', 'abc #def'],
    ['A=pa$$word${HOME}', 'pa$$word${HOME}'],
    [String.raw`A=back\nslash`, String.raw`back\nslash`],
    ['A=it\'s "quoted"', 'it\'s "quoted"'],
    ['A="with $ # \\n inside"', 'with $ # \\n inside'],
    ["A='single'", 'single'],
    ['A="say "hi" twice"', 'say "hi" twice'],
    ['A="never closed', '"never closed'],
    ['A=  blanks around  ', 'blanks around'],
    ['A=', ''],
    ['A=""', ''],
    ['export A=exported', 'exported'],
    ['\uFEFFA=after a byte order mark', 'after a byte order mark'],
    ['A=windows\r', 'windows'],
  ])('%j is read as %j', (line, value) => {
    expect(parseEnvFile(`# comment\n\n${line}\nB=next`)).toEqual({ A: value, B: 'next' });
  });

  it('keeps the lines of a quoted PEM text', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMIGH#AgEA\n-----END PRIVATE KEY-----';
    expect(parseEnvFile(`KEY="${pem}"\r\nNEXT=1`)).toEqual({ KEY: pem, NEXT: '1' });
  });

  it('does not take comments and other lines for settings', () => {
    expect(parseEnvFile('#A=1\n  # B=2\nnot a setting\n=3\n9C=4')).toEqual({});
  });

  it('gives back every value without a line break, in either kind of quotes', () => {
    const value = fc.string({ unit: 'binary' }).filter((text) => !/\r?\n/.test(text));
    fc.assert(
      fc.property(value, fc.constantFrom('"', "'"), (text, quote) => {
        expect(parseEnvFile(`A=${quote}${text}${quote}\nB=1`)).toEqual({ A: text, B: '1' });
      }),
    );
  });

  it('gives back every value of several lines, in the quotes that end none of them', () => {
    const line = fc.string({ unit: fc.constantFrom('"', "'", '#', '$', '=', ' ', 'a', '\\', '\u2028') });
    const lines = fc.array(line, { minLength: 2, maxLength: 6 });
    const quotes = fc.constantFrom('"', "'");
    fc.assert(
      fc.property(lines, quotes, (all, quote) => {
        fc.pre(!all.slice(0, -1).some((text) => text.trimEnd().endsWith(quote)));
        const text = all.join('\n');
        expect(parseEnvFile(`A=${quote}${text}${quote}\nB=1`)).toEqual({ A: text, B: '1' });
      }),
    );
  });
});
