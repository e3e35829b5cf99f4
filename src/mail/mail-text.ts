import mustache from 'mustache';

export interface MailText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A file of `assets/mail`: its subject, and its paragraphs. `{{name}}` stands for a value. */
export interface ParsedTemplate {
  readonly subject: string;
  readonly paragraphs: readonly string[];
}

const SUBJECT = /^Subject: (.+)\n\n/;
const LINK = '{{link}}';

/** @throws Error that says what is wrong with the file, in words for its author */
export function parseTemplate(source: string, values: readonly string[]): ParsedTemplate {
  const normalized = source.replaceAll('\r\n', '\n');
  const subject = SUBJECT.exec(normalized)?.[1];
  if (subject === undefined) throw new Error('must begin with a line "Subject: …" and an empty line');
  const unknown = tagsOf(normalized).find(([type, name]) => !isText(type) && !isValue(type, name, values));
  if (unknown) throw new Error(`may name these values only: ${values.map((name) => `{{${name}}}`).join(' ')}`);
  const paragraphs = normalized
    .replace(SUBJECT, '')
    .trim()
    .split(/\n{2,}/);
  if (values.includes('link') && !paragraphs.includes(LINK))
    throw new Error(`must have ${LINK} in a paragraph of its own`);
  return { subject, paragraphs };
}

/**
 * The layout as it is, once it is known that it can be rendered.
 *
 * @throws Error that says what is wrong with the file, in words for its author
 */
export function parseLayout(source: string): string {
  tagsOf(source);
  return source;
}

/** Plain text, and the same as HTML in the layout. Values are text: in HTML they are escaped. */
export function renderMail(
  { subject, paragraphs }: ParsedTemplate,
  layout: string,
  language: string,
  values: Readonly<Record<string, string>>,
): MailText {
  const title = renderText(subject, values);
  const content = paragraphs.map((paragraph) =>
    paragraph === LINK ? { link: values['link'] } : { lines: renderText(paragraph, values).split('\n') },
  );
  return {
    subject: title,
    text: `${paragraphs.map((paragraph) => renderText(paragraph, values)).join('\n\n')}\n`,
    html: mustache.render(layout, { language, subject: title, service: values['service'], content }),
  };
}

function tagsOf(source: string): ReturnType<typeof mustache.parse> {
  try {
    return mustache.parse(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    throw new Error(`has tags that can not be read: ${reason}`, { cause: error });
  }
}

const renderText = (template: string, values: Readonly<Record<string, string>>): string =>
  mustache.render(template, values, undefined, { escape: String });

const isText = (type: string): boolean => type === 'text';

/** Sections and partials are programs, and a text needs none. */
const isValue = (type: string, name: string, values: readonly string[]): boolean =>
  type === 'name' && values.includes(name);
