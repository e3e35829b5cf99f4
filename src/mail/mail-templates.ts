import { Inject, Injectable } from '@nestjs/common';
import { fileURLToPath } from 'node:url';
import { ConfigError, ENV, type Env } from '../config/env.js';
import type { MailTemplate } from './mail-template.js';
import { type MailText, type ParsedTemplate, renderMail } from './mail-text.js';
import { ownTexts, problemsOf } from './own-texts.js';
import { TextFolder } from './text-folder.js';

/** `src/` and `dist/` are both one folder below the root. */
const OUR_FOLDER = fileURLToPath(new URL('../../assets/mail', import.meta.url));
const FALLBACK = 'en';

/**
 * The texts of all mails, `LANGUAGE/NAME.txt` and one `layout.html`: ours, with the operator's in their place
 * (`MAIL_TEMPLATES`). Read once; a file that can not be used stops the start.
 */
@Injectable()
export class MailTemplates {
  private readonly languages: ReadonlyMap<string, ReadonlyMap<MailTemplate, ParsedTemplate>>;
  private readonly layout: string;

  constructor(@Inject(ENV) env: Pick<Env, 'MAIL_TEMPLATES'>) {
    const ours = new TextFolder(OUR_FOLDER);
    const [fault] = ours.problems;
    if (fault) throw new Error(`assets/mail/${fault.file} ${fault.reason}`);
    const own = ownTexts(env);
    const problems = problemsOf(own);
    if (problems.length > 0) throw new ConfigError(problems);
    const folders = own ? [ours, own] : [ours];
    this.languages = merged(folders);
    this.layout = folders.findLast(({ layout }) => layout !== undefined)?.layout ?? '';
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
function merged(folders: readonly TextFolder[]): Map<string, Map<MailTemplate, ParsedTemplate>> {
  const languages = new Map<string, Map<MailTemplate, ParsedTemplate>>();
  for (const [language, texts] of folders.flatMap((folder) => [...folder.languages])) {
    languages.set(language, new Map([...(languages.get(language) ?? []), ...texts]));
  }
  return languages;
}
