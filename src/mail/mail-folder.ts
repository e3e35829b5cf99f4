import { Inject, Injectable } from '@nestjs/common';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { ENV, type Env } from '../config/env.js';

/** A mail in the folder, as a person reads it. */
export interface FolderMail {
  /** The name of its file without `.eml`. */
  readonly name: string;
  readonly to: string;
  readonly date: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly source: Buffer;
}

const EXTENSION = '.eml';

/** Whether a developer may read the mails in the browser. */
export const showsMails = ({ NODE_ENV, IDE, MAIL_URL }: Pick<Env, 'NODE_ENV' | 'IDE' | 'MAIL_URL'>): boolean =>
  NODE_ENV === 'development' && IDE && MAIL_URL === undefined;

/** Reads the mails that became files because there is no `MAIL_URL`. */
@Injectable()
export class MailFolder {
  constructor(@Inject(ENV) private readonly env: Pick<Env, 'MAIL_OUTBOX'>) {}

  /** The youngest first: the names begin with ids that grow. */
  async list(most: number): Promise<FolderMail[]> {
    return Promise.all((await this.names()).slice(0, most).map((name) => this.read(name)));
  }

  async find(name: string): Promise<FolderMail | undefined> {
    return (await this.names()).includes(name) ? this.read(name) : undefined;
  }

  private async names(): Promise<string[]> {
    const { MAIL_OUTBOX: folder } = this.env;
    const files = existsSync(folder) ? await readdir(folder) : [];
    const mails = files.filter((file) => file.endsWith(EXTENSION)).map((file) => file.slice(0, -EXTENSION.length));
    return mails.sort().reverse();
  }

  private async read(name: string): Promise<FolderMail> {
    const source = await readFile(join(this.env.MAIL_OUTBOX, name + EXTENSION));
    const { to, date = '', subject = '', text = '', html = '' } = await PostalMime.parse(source);
    return { name, to: to?.map(({ address }) => address).join(', ') ?? '', date, subject, text, html, source };
  }
}
