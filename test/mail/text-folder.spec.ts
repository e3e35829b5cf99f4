import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mailTextProblems, mailTextWarnings } from '../../src/mail/own-texts.js';
import { TextFolder } from '../../src/mail/text-folder.js';

const TEXT = 'Subject: S\n\nSomething changed.\n';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'latchkey-texts-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const write = (path: string, text = TEXT) => {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
};

describe('a folder with texts of mails', () => {
  it('has languages in any spelling, and what begins with a dot is of others', () => {
    for (const path of ['pt-BR/email-left.txt', 'DE/email-left.txt', '.git/config', 'en/.email-left.txt.swp'])
      write(path);
    const { languages, ignored, problems } = new TextFolder(folder);
    expect([[...languages.keys()], ignored, problems]).toEqual([['de', 'en', 'pt-br'], [], []]);
  });

  it('may have its languages by links, as a ConfigMap of Kubernetes is mounted', () => {
    write('..2026_11_30/en/email-left.txt');
    symlinkSync('..2026_11_30', join(folder, '..data'));
    symlinkSync(join('..data', 'en'), join(folder, 'en'));
    const { languages, ignored } = new TextFolder(folder);
    expect([languages.get('en')?.has('email-left'), ignored]).toEqual([true, []]);
  });

  it('is warned of what has no effect in it, by name', () => {
    for (const path of [
      'foo.txt',
      'email-left.txt',
      'en/email-lost.txt',
      'en/layout.html',
      'no language/x.txt',
      'layout.html',
    ])
      write(path);
    expect(mailTextWarnings({ MAIL_TEMPLATES: folder })).toEqual(
      ['email-left.txt', 'en/email-lost.txt', 'en/layout.html', 'foo.txt', 'no language'].map(
        (name) => `MAIL_TEMPLATES: ${name} is not a text of Latchkey and is ignored.`,
      ),
    );
  });

  it('is refused with the name of each text that can not be used, and without its own', () => {
    write('en/email-left.txt', 'Hello');
    write('de/email-left.txt', 'Subject: S\n\n{{#open}}\n');
    symlinkSync('nowhere', join(folder, 'de', 'email-replaced.txt'));
    write('layout.html', '{{#content}}');
    const problems = mailTextProblems({ MAIL_TEMPLATES: folder });
    expect(problems.map(({ name, reason }) => `${name} ${reason}`)).toEqual([
      expect.stringMatching(
        /^MAIL_TEMPLATES has a text that can not be used: de\/email-left\.txt has tags that can not /,
      ),
      'MAIL_TEMPLATES has a text that can not be used: de/email-replaced.txt can not be read (ENOENT)',
      expect.stringMatching(/: en\/email-left\.txt must begin with /),
      expect.stringMatching(/: layout\.html has tags that can not be read: /),
    ]);
    expect(JSON.stringify(problems)).not.toContain(folder);
    expect(mailTextProblems({ MAIL_TEMPLATES: undefined })).toEqual([]);
  });
});
