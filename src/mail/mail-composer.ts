import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import addressparser from 'nodemailer/lib/addressparser';
import { ENV, type Env } from '../config/env.js';
import type { Mail } from './mail.entity.js';
import type { MailTemplate } from './mail-template.js';
import { MailTemplates } from './mail-templates.js';
import type { Message } from './mail-transport.js';
import { inWords } from './mail-words.js';

/** What a mail is to say, once its recipient has been looked up. */
export interface Letter {
  /** It may turn out that another mail is to be sent than the one that was asked for. */
  readonly template: MailTemplate;
  /** BCP 47. */
  readonly locale: string | null;
  readonly link?: { readonly url: string; readonly lifetimeSeconds: number };
  /** How long what the link does can be taken back. */
  readonly revertLifetimeSeconds?: number;
}

/** What becomes of a mail that is not to go out yet. */
export interface Later {
  readonly waitSeconds: number;
}

/**
 * Says what becomes of a mail; undefined: there is nobody to write to. It is asked before each attempt, in a transaction
 * of its own, so that what a request costs does not tell whether there is an account.
 */
export type Correspondent = (em: EntityManager, mail: Mail) => Promise<Letter | Later | undefined>;

/** Makes a message of a row of the outbox. */
@Injectable()
export class MailComposer {
  private correspondent: Correspondent | undefined;
  private readonly service: string;

  constructor(
    private readonly templates: MailTemplates,
    @Inject(ENV) { MAIL_FROM }: Pick<Env, 'MAIL_FROM'>,
  ) {
    const [sender] = addressparser(MAIL_FROM, { flatten: true });
    this.service = sender?.name || (sender?.address ?? '');
  }

  /** Called while the server starts, by the one who knows the accounts. */
  ask(correspondent: Correspondent): void {
    this.correspondent = correspondent;
  }

  async compose(em: EntityManager, mail: Mail): Promise<Message | Later | undefined> {
    const letter = await this.correspondent?.(em, mail);
    if (!letter || 'waitSeconds' in letter) return letter;
    const { template, locale, link, revertLifetimeSeconds = 0 } = letter;
    const language = this.templates.languageFor(locale ?? mail.locale, template);
    const { device, ipAddress } = mail.facts;
    const text = this.templates.render(template, language, {
      service: this.service,
      time: inWords.moment(mail.createdAt, language),
      device: device ?? '?',
      ipAddress: ipAddress ?? '?',
      revertLifetime: inWords.duration(revertLifetimeSeconds, language),
      ...(link && { link: link.url, lifetime: inWords.duration(link.lifetimeSeconds, language) }),
    });
    return { ...text, id: mail.id, template, to: mail.recipient, link: link?.url };
  }
}
