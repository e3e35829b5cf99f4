import { Inject, Injectable, Logger } from '@nestjs/common';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { ENV, type Env } from '../config/env.js';
import { isLoopback } from '../config/this-machine.js';
import { SILENCE_MS } from './mail-schedule.js';
import type { MailText } from './mail-text.js';

/** How long a mail server may be silent: one that is not there is known sooner than one that thinks. Milliseconds. */
export const TIMEOUTS = {
  dnsTimeout: 10_000,
  connectionTimeout: 10_000,
  greetingTimeout: 10_000,
  socketTimeout: SILENCE_MS,
} as const;

/** Text of ours alone goes out: no file and no URL is ever read for it. */
const NO_ATTACHMENTS = { disableFileAccess: true, disableUrlAccess: true };

/** A mail as it is handed over. */
export interface Message extends MailText {
  /** That of the outbox: it makes the Message-ID, which is the same at each attempt. */
  readonly id: string;
  readonly template: string;
  readonly to: string;
  /** What the recipient should open, for the log in development. */
  readonly link: string | undefined;
}

type TransportEnv = Pick<Env, 'MAIL_URL' | 'MAIL_FROM' | 'MAIL_OUTBOX' | 'PUBLIC_URL' | 'NODE_ENV' | 'isProduction'>;

/** Hands mails to the SMTP server of `MAIL_URL`, or makes files of them. */
@Injectable()
export class MailTransport {
  private readonly logger = new Logger(MailTransport.name);
  readonly deliver: (message: Message, signal: AbortSignal) => Promise<void>;

  constructor(@Inject(ENV) private readonly env: TransportEnv) {
    this.deliver = env.MAIL_URL === undefined ? this.intoFolder() : this.overSmtp(env.MAIL_URL);
  }

  private overSmtp(url: string) {
    // Links sign people in: in production they go over TLS, unless the URL says `?requireTLS=false`.
    const requireTLS = this.env.isProduction && !isLoopback(new URL(url).hostname);
    const transport = createTransport({ url, requireTLS, ...TIMEOUTS, ...NO_ATTACHMENTS });
    return async (message: Message, signal: AbortSignal): Promise<void> => {
      await transport.sendMail({ ...this.envelope(message), signal });
    };
  }

  private intoFolder() {
    const transport = createTransport({ streamTransport: true, buffer: true, ...NO_ATTACHMENTS });
    return async (message: Message): Promise<void> => {
      const { message: source } = await transport.sendMail(this.envelope(message));
      const file = join(this.env.MAIL_OUTBOX, `${message.id}-${message.template}.eml`);
      // Whoever reads such a file can use its link.
      await mkdir(this.env.MAIL_OUTBOX, { recursive: true, mode: 0o700 });
      await writeFile(file, source, { mode: 0o600 });
      if (this.env.NODE_ENV === 'development')
        this.logger.log(`Mail "${message.subject}" to ${message.to}: ${message.link ?? file}`);
    };
  }

  private envelope({ id, to, subject, text, html }: Message): SendMailOptions {
    return {
      from: this.env.MAIL_FROM,
      to: { name: '', address: to },
      subject,
      text,
      html,
      messageId: `<${id}@${new URL(this.env.PUBLIC_URL).hostname}>`,
      // RFC 3834: no automatic answers, please.
      headers: { 'Auto-Submitted': 'auto-generated' },
    };
  }
}
