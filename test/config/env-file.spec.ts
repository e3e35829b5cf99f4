import fc from 'fast-check';
import { parseEnvFile } from '../../src/config/env-file.js';

const valuesOf = (content: string) => parseEnvFile(content).values;
const problemsOf = (content: string) => parseEnvFile(content).problems;

const hasCommentBehind = (quote: string, text: string): boolean => new RegExp(`${quote}\\s+#`).test(text);

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
    ['A="a" b"#c" d"', 'a" b"#c" d'],
    ['A=" # no comment"', ' # no comment'],
    [`A='say "hi" # 1'`, 'say "hi" # 1'],
    ['A=say "hi" # "1"', 'say "hi" # "1"'],
    ['A=  blanks around  ', 'blanks around'],
    ['A=', ''],
    ['A=""', ''],
    ['export A=exported', 'exported'],
    ['\uFEFFA=after a byte order mark', 'after a byte order mark'],
    ['A=windows\r', 'windows'],
  ])('%j is read as %j', (line, value) => {
    expect(valuesOf(`# comment\n\n${line}\nB=next`)).toEqual({ A: value, B: 'next' });
  });

  it('keeps the padding at the end of a secret of several lines', () => {
    expect(valuesOf(`A="QUJD\nQUJDRA=="\nNEXT=1`)).toEqual({ A: 'QUJD\nQUJDRA==', NEXT: '1' });
  });

  it.each([1, 2, 47, 48, 49, 64, 500])(
    'keeps %d bytes in the Base64 of several lines, whatever its padding',
    (size) => {
      const lines = Buffer.alloc(size, 7)
        .toString('base64')
        .replaceAll(/.{64}(?=.)/g, '$&\n');
      expect(valuesOf(`A="${lines}"\nB="\n${lines}\n"\nNEXT=1`)).toEqual({
        A: lines,
        B: `\n${lines}\n`,
        NEXT: '1',
      });
    },
  );

  it('keeps the lines of a quoted PEM text', () => {
    const pem = '-----BEGIN PRIVATE KEY-----\nMIGH#AgEA\n+/8=\nQUJDREU=\nQUJDRA==\n-----END PRIVATE KEY-----';
    expect(valuesOf(`KEY="${pem}"\r\nNEXT=1`)).toEqual({ KEY: pem, NEXT: '1' });
  });

  it('does not take comments and blank lines for settings', () => {
    expect(valuesOf('#A=1\n  # B=2\n \t\n')).toEqual({});
  });

  it.each([
    'SIGNUP_ENABLED: false',
    'SIGNUP_ENABLED false',
    'set SIGNUP_ENABLED=false',
    'SIGNUP-ENABLED=false',
    '=false',
    '9C=false',
    '; SIGNUP_ENABLED=false',
  ])('is refused for a line that sets nothing, by its number and without its text: %j', (line) => {
    const problems = [{ name: '.env line 3', reason: 'is neither NAME=value nor a comment' }];
    expect(problemsOf(`A=1\n\n${line}\nB=2`)).toEqual(problems);
  });

  it.each([
    ['at the end of the file', 'A="never closed'],
    ['where it would take in the next setting', 'A="never closed\nB=2\nC="3"'],
    ['where it would take in the next setting behind others', 'A="never\nclosed\nexport B=2\nC="3"'],
    ['where it would take in the next setting, which has no value', 'A="never closed\nB_C=\nD="'],
    ['where it would take in the next setting, which is of few letters', 'A="never closed\nHOST=\nPORT="'],
    ['where it would take in the next setting, which could be Base64', 'A="never closed\nIDE=\nB="'],
    ['where it would take in a comment', 'A="never closed\n# B=2\n  # see "docs"'],
    ['where it would end in a comment', 'A="never closed\n#see "docs"'],
    ['where something follows the quote', 'A="closed" # comment\nB="2"'],
    ['where a comment follows the quote that ends with one', 'A="closed" # the "first"\nB="2"'],
    ['where a comment follows the quote and others come behind it', 'A="closed" # one\n# B=2\n# see "docs"'],
    ['where a comment follows the quotes of no value', `A=''\t#the 'first'`],
    ['where a comment follows the quote of the last line', 'A="one\ntwo" # the "first"'],
  ])('is refused for a quote that is not closed, %s', (_, content) => {
    const reason =
      'begins a value in quotes that does not end before the next setting or comment, or with something behind the last quote';
    expect(problemsOf(content)).toContainEqual({ name: '.env line 1', reason });
  });

  it('ends its lines as Windows, Unix and former Macs do', () => {
    expect(valuesOf('# one\rA=1\rB=2\r\nC="3\r4"\nD=5')).toEqual({ A: '1', B: '2', C: '3\n4', D: '5' });
  });

  it('sets names that objects have by themselves, and each of them once', () => {
    const names = ['__proto__', 'constructor', 'toString'];
    const values = valuesOf(names.map((name) => `${name}=x`).join('\n'));
    expect(Object.entries(values)).toEqual(names.map((name) => [name, 'x']));
    expect(problemsOf('__proto__=x\n__proto__="y"').map(({ name }) => name)).toEqual(['.env line 2']);
  });

  it('is refused for a name that is there twice: which of the values counts is not plain', () => {
    expect(problemsOf('A=1\nB=2\nexport A="3"')).toEqual([{ name: '.env line 3', reason: 'sets A once more' }]);
  });

  it('says of what its refused lines set that it is not known, and has the others', () => {
    const { values, unclear } = parseEnvFile('what\nA="1\nB=2\nC=3\nC=4\nD: 5\nE=6');
    expect([unclear, values]).toEqual([['A', 'C'], { B: '2', C: '3', E: '6' }]);
  });

  it('names all of its lines that are refused', () => {
    expect(problemsOf('what\nA="1\nB=2\nelse').map(({ name }) => name)).toEqual([
      '.env line 1',
      '.env line 2',
      '.env line 4',
    ]);
  });

  it('gives back every value without a line break, in either kind of quotes', () => {
    const value = fc.string({ unit: 'binary' }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(value, fc.constantFrom('"', "'"), (text, quote) => {
        fc.pre(!hasCommentBehind(quote, text));
        expect(valuesOf(`A=${quote}${text}${quote}\nB=1`)).toEqual({ A: text, B: '1' });
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
        fc.pre(!all.slice(1).some((text) => /^\s*(#|a+\s*=)/.test(text)));
        const text = all.join('\n');
        fc.pre(!hasCommentBehind(quote, text));
        expect(valuesOf(`A=${quote}${text}${quote}\nB=1`)).toEqual({ A: text, B: '1' });
      }),
    );
  });
});
