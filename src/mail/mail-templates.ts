import { Inject, Injectable } from '@nestjs/common';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import mustache from 'mustache';
import { ENV, type Env } from '../config/env.js';
import { COMMON_VALUES, MAIL_TEMPLATES, type MailTemplate } from './mail-template.js';
import { type MailText, type ParsedTemplate, parseTemplate, renderMail } from './mail-text.js';

/** `src/` and `dist/` are both one folder below the root. */
const OWN_FOLDER = fileURLToPath(new URL('../../assets/mail', import.meta.url));
const LAYOUT = 'layout.html';
const FALLBACK = 'en';

/**
 * The texts of all mails, `LANGUAGE/NAME.txt` and one `layout.html`: ours, with the operator's in their place
 * (`MAIL_TEMPLATES`). Read once; a file that can not be used stops the start.
 */
@Injectable()
export class MailTemplates {
  private readonly languages: ReadonlyMap<string, ReadonlyMap<MailTemplate, ParsedTemplate>>;
  private readonly layout: string;

  constructor(@Inject(ENV) { MAIL_TEMPLATES: ownersFolder }: Pick<Env, 'MAIL_TEMPLATES'>) {
    const folders = ownersFolder === undefined ? [OWN_FOLDER] : [OWN_FOLDER, ownersFolder];
    this.languages = readLanguages(folders);
    this.layout = folders.reduce((found, folder) => read(join(folder, LAYOUT)) ?? found, '');
    mustache.parse(this.layout);
  }

  /** The language that a mail is written in for somebody who reads `locale`: RFC 4647 section 3.4, "lookup". */
  languageFor(locale: string | null | undefined, template: MailTemplate): string {
    const subtags = (locale ?? '').split('-');
    const ranges = subtags.map((_, index) =>
      subtags
        .slice(0, subtags.length - index)
        .join('-')
        .toLowerCase(),
    );
    return ranges.find((range) => this.languages.get(range)?.has(template)) ?? FALLBACK;
  }

  render(template: MailTemplate, language: string, values: Readonly<Record<string, string>>): MailText {
    const parsed = this.languages.get(language)?.get(template);
    if (!parsed) throw new Error(`There is no ${language}/${template}.txt`);
    return renderMail(parsed, this.layout, language, values);
  }
}

/** By language in lower case. What a later folder has replaces what an earlier one has. */
function readLanguages(folders: readonly string[]): Map<string, Map<MailTemplate, ParsedTemplate>> {
  const languages = new Map<string, Map<MailTemplate, ParsedTemplate>>();
  for (const folder of folders) {
    for (const { name } of readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
      const texts = languages.get(name.toLowerCase()) ?? new Map<MailTemplate, ParsedTemplate>();
      for (const [template, parsed] of readTexts(join(folder, name))) texts.set(template, parsed);
      languages.set(name.toLowerCase(), texts);
    }
  }
  return languages;
}

const NAMES = Object.keys(MAIL_TEMPLATES) as MailTemplate[];

function readTexts(folder: string): [MailTemplate, ParsedTemplate][] {
  return NAMES.flatMap((template) => {
    const file = join(folder, `${template}.txt`);
    const source = read(file);
    return source === undefined ? [] : [[template, parse(file, source, MAIL_TEMPLATES[template])]];
  });
}

function parse(file: string, source: string, values: readonly string[]): ParsedTemplate {
  try {
    return parseTemplate(source, [...COMMON_VALUES, ...values]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw new Error(`The text of a mail can not be used: ${file} ${reason}`, { cause: error });
  }
}

const read = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);
