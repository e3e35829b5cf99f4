import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import PostalMime from 'postal-mime';
import { canonicalLocale } from '../../src/common/locale.js';
import { inWords } from '../../src/mail/mail-words.js';
import { COMMON_VALUES, MAIL_TEMPLATES } from '../../src/mail/mail-template.js';
import { parseTemplate, renderMail } from '../../src/mail/mail-text.js';

const folder = new URL('../../assets/mail/', import.meta.url);
const layout = readFileSync(new URL('layout.html', folder), 'utf8');
const source = 'Subject: For {{service}}\n\nAn {{device}} & a <b>\nsecond line\n\n{{link}}\n';
const VALUES = ['service', 'device', 'link'];

describe('the texts of mails', () => {
  it.each(['en', 'de'])('are complete in %s, and each names the values that it has', (language) => {
    const files = readdirSync(new URL(language, folder));
    expect(files.sort()).toEqual(
      Object.keys(MAIL_TEMPLATES)
        .map((name) => `${name}.txt`)
        .sort(),
    );
    for (const [name, values] of Object.entries(MAIL_TEMPLATES)) {
      const text = readFileSync(new URL(`${language}/${name}.txt`, folder), 'utf8');
      expect(() => parseTemplate(text, [...COMMON_VALUES, ...values])).not.toThrow();
      for (const value of values) expect([name, text]).toEqual([name, expect.stringContaining(`{{${value}}}`)]);
    }
  });

  it('become plain text and HTML, in which the link is a link', () => {
    const mail = renderMail(parseTemplate(source, VALUES), layout, 'en', {
      service: 'Acme',
      device: 'iPhone',
      link: 'https://app.example.com/reset-password#token=lko_x',
    });
    expect([mail.subject, mail.text]).toEqual([
      'For Acme',
      'An iPhone & a <b>\nsecond line\n\nhttps://app.example.com/reset-password#token=lko_x\n',
    ]);
    expect(mail.html).toContain('<html lang="en">');
    expect(mail.html).toContain('An iPhone &amp; a &lt;b&gt;<br />second line<br />');
    expect(mail.html).toMatch(/<a\s+href="https:&#x2F;&#x2F;app\.example\.com&#x2F;reset-password#token&#x3D;lko_x"/);
  });

  /** ASVS 1.2.1: what a client names itself can be anything. */
  it('never let a value become markup or a header', async () => {
    const parsed = parseTemplate(source, VALUES);
    const plain = renderMail(parsed, layout, 'en', { service: 'S', device: 'D', link: 'https://l' });
    const tags = (html: string) => html.match(/<[^>]*>/g)?.map((tag) => tag.replace(/"[^"]*"/g, '""'));
    const headersOf = async (subject: string) => {
      const transport = createTransport({ streamTransport: true, buffer: true });
      const { message } = await transport.sendMail({ from: 'a@example.com', to: 'b@example.com', subject, text: 'x' });
      return (await PostalMime.parse(message as Buffer)).headers.map(({ key }) => key);
    };
    const plainHeaders = await headersOf(plain.subject);
    const values = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('\r', '\n', ':', 'Bcc', ' ', '<', '"') }),
    );
    await fc.assert(
      fc.asyncProperty(values, async (value) => {
        const mail = renderMail(parsed, layout, 'en', { service: value, device: value, link: 'https://l' });
        // A value may bring lines, and each line ends in a <br>.
        const withoutBreaks = (list: string[] | undefined) => list?.filter((tag) => tag !== '<br />');
        expect(withoutBreaks(tags(mail.html))).toEqual(withoutBreaks(tags(plain.html)));
        expect(mail.text).toContain(value);
        expect(await headersOf(mail.subject)).toEqual(plainHeaders);
      }),
    );
  });

  it.each([
    ['no subject', 'Hello\n\n{{link}}\n', 'must begin with a line "Subject: …" and an empty line'],
    [
      'a value that it does not have',
      'Subject: S\n\n{{password}}\n\n{{link}}\n',
      'may name these values only: {{service}}',
    ],
    ['a section', 'Subject: S\n\n{{#link}}x{{/link}}\n\n{{link}}\n', 'may name these values only'],
    ['a value that is not escaped', 'Subject: S\n\n{{{link}}}\n\n{{link}}\n', 'may name these values only'],
    [
      'a link inside of a sentence',
      'Subject: S\n\nClick {{link}} now\n',
      'must have {{link}} in a paragraph of its own',
    ],
  ])('with %s are refused in words for their author', (_, text, problem) => {
    expect(() => parseTemplate(text, ['service', 'link'])).toThrow(problem);
  });
});

it('durations and moments are said in the language of the mail', () => {
  expect([86_400, 604_800, 3_600, 600, 90, 1].map((seconds) => inWords.duration(seconds, 'en'))).toEqual([
    '1 day',
    '7 days',
    '1 hour',
    '10 minutes',
    '90 seconds',
    '1 second',
  ]);
  expect(inWords.duration(600, 'de')).toBe('10 Minuten');
  const moment = new Date('2026-11-26T09:30:05Z');
  expect(inWords.moment(moment, 'en')).toMatch(/^November 26, 2026 at 9:30:05\sAM UTC$/);
  expect(inWords.moment(moment, 'de')).toBe('26. November 2026 um 09:30:05 UTC');
});

it('a language is one of BCP 47 in its one spelling, or none', () => {
  expect(['de', 'DE-ch', 'zh-hant-tw', 'en-GB-oxendict'].map(canonicalLocale)).toEqual([
    'de',
    'de-CH',
    'zh-Hant-TW',
    'en-GB-oxendict',
  ]);
  expect(['', '*', 'x', 'no language', '../de', 'a'.repeat(40), null, undefined].map(canonicalLocale)).toEqual(
    Array.from({ length: 8 }, () => null),
  );
});
