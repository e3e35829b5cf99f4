import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalLocale } from '../common/locale.js';
import { unreadable } from '../common/unreadable.js';
import { COMMON_VALUES, MAIL_TEMPLATES, type MailTemplate } from './mail-template.js';
import { parseLayout, type ParsedTemplate, parseTemplate } from './mail-text.js';

const LAYOUT = 'layout.html';
const TEMPLATES = Object.keys(MAIL_TEMPLATES) as MailTemplate[];

/** What a folder with texts of mails holds, `LANGUAGE/NAME.txt` and one `layout.html`. Files are named as they are called in it. */
export class TextFolder {
  /** By language in lower case. */
  readonly languages = new Map<string, Map<MailTemplate, ParsedTemplate>>();
  layout: string | undefined;
  /** What cannot be used. The folder itself is the file `''`. */
  readonly problems: { readonly file: string; readonly reason: string }[] = [];
  /** What is no text of a mail. */
  readonly ignored: string[] = [];

  constructor(private readonly folder: string) {
    for (const name of this.namesIn('')) this.attempt(name, () => this.read(name));
  }

  private read(name: string): void {
    if (name === LAYOUT) this.layout = parseLayout(this.textOf(name));
    else if (canonicalLocale(name) !== null && this.isFolder(name)) this.readLanguage(name);
    else this.ignored.push(name);
  }

  private readLanguage(language: string): void {
    const texts = this.languages.get(language.toLowerCase()) ?? new Map<MailTemplate, ParsedTemplate>();
    this.languages.set(language.toLowerCase(), texts);
    for (const name of this.namesIn(language)) {
      const path = `${language}/${name}`;
      const template = TEMPLATES.find((one) => name === `${one}.txt`);
      if (template === undefined) this.ignored.push(path);
      else this.attempt(path, () => texts.set(template, this.parse(path, template)));
    }
  }

  private parse(path: string, template: MailTemplate): ParsedTemplate {
    return parseTemplate(this.textOf(path), [...COMMON_VALUES, ...MAIL_TEMPLATES[template]]);
  }

  /** Without those that begin with a dot: they are of editors, of Git, and of what mounts a folder into a container. */
  private namesIn(path: string): string[] {
    let names: string[] = [];
    this.attempt(path, () => (names = readdirSync(join(this.folder, path))));
    return names.filter((name) => !name.startsWith('.')).sort();
  }

  /** Also by a link, as Kubernetes mounts the folders of a ConfigMap. */
  private isFolder(path: string): boolean {
    return statSync(join(this.folder, path), { throwIfNoEntry: false })?.isDirectory() ?? false;
  }

  private textOf(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  private attempt(path: string, work: () => unknown): void {
    try {
      work();
    } catch (error) {
      const reason = error instanceof Error && !('code' in error) ? error.message : unreadable(error);
      this.problems.push({ file: path, reason });
    }
  }
}
