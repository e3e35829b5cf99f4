import type { ConfigProblem, Env } from '../config/env.js';
import { TextFolder } from './text-folder.js';

type Texts = Pick<Env, 'MAIL_TEMPLATES'>;

/** The texts of the operator. They are read anew by each call; undefined: there are none. */
export const ownTexts = ({ MAIL_TEMPLATES: folder }: Texts): TextFolder | undefined =>
  folder === undefined ? undefined : new TextFolder(folder);

/** Why the texts of the operator cannot be used. */
export const mailTextProblems = (env: Texts): ConfigProblem[] => problemsOf(ownTexts(env));

/** The same of texts that have been read. */
export const problemsOf = (texts: TextFolder | undefined): ConfigProblem[] =>
  (texts?.problems ?? []).map(({ file, reason }) => ({
    name: 'MAIL_TEMPLATES',
    reason: file === '' ? reason : `has a text that can not be used: ${file} ${reason}`,
  }));

/** What is in the folder of the operator and has no effect: likely a typo. */
export const mailTextWarnings = (env: Texts): string[] =>
  (ownTexts(env)?.ignored ?? []).map((name) => `MAIL_TEMPLATES: ${name} is not a text of Latchkey and is ignored.`);
