import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger } from '@nestjs/common';
import pRetry from 'p-retry';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { Transactions } from '../database/transactions.js';
import { Metrics } from '../telemetry/metrics.js';
import { MailComposer } from './mail-composer.js';
import { failureOf, type MailFailure } from './mail-failure.js';
import { Mail } from './mail.entity.js';
import { ATTEMPT_MS, nextAttempt } from './mail-schedule.js';
import { type Message, MailTransport } from './mail-transport.js';

/** The mail is out: as long as it can not be deleted, it would be sent again. Within its lease. */
const FORGETTING = { retries: 20, minTimeout: 100, maxTimeout: 5_000 };

/** One attempt to send one mail, and what becomes of its row afterwards. */
@Injectable()
export class MailAttempts {
  private readonly logger = new Logger('Mail');

  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly composer: MailComposer,
    private readonly transport: MailTransport,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
    @Inject(ENV) private readonly env: Pick<Env, 'MAIL_RETRY_FOR'>,
  ) {}

  /** Never fails: whatever goes wrong, the mail is due again later, or is given up where everybody sees it. */
  async make(id: string): Promise<void> {
    try {
      const message = await this.transactions.runApart((em) => this.compose(em, id));
      if (message) await this.send(message);
    } catch (error) {
      // The row could not be read or changed: it comes again when its lease is over.
      this.logger.warn({ err: error, mailId: id }, 'A mail could not be handled');
    }
  }

  /** What to send; undefined when the mail was withdrawn meanwhile, or when nobody is to be written to. */
  private async compose(em: EntityManager, id: string): Promise<Message | undefined> {
    const mail = await em.findOne(Mail, id);
    if (!mail) return undefined;
    const message = await this.composer.compose(em, mail);
    if (message) return message;
    em.remove(mail);
    this.metrics.mails.inc({ template: mail.template, result: 'dropped' });
    return undefined;
  }

  /** Outside of any transaction: a slow mail server holds nothing. */
  private async send(message: Message): Promise<void> {
    const em = this.em.fork();
    try {
      await this.transport.deliver(message, AbortSignal.timeout(ATTEMPT_MS));
    } catch (error) {
      const mail = await em.findOne(Mail, message.id);
      if (mail) await this.failed(em, mail, failureOf(error));
      return;
    }
    await pRetry(() => em.nativeDelete(Mail, { id: message.id }), FORGETTING);
    this.metrics.mails.inc({ template: message.template, result: 'sent' });
    this.logger.log({ mailId: message.id, template: message.template }, 'A mail was sent');
  }

  private async failed(em: EntityManager, mail: Mail, { reason, isFinal }: MailFailure): Promise<void> {
    const now = this.clock.now();
    const next = isFinal ? undefined : nextAttempt(mail, now, this.env.MAIL_RETRY_FOR);
    mail.lastError = reason;
    if (next) mail.dueAt = next;
    else mail.failedAt = now;
    await em.flush();
    this.metrics.mails.inc({ template: mail.template, result: next ? 'delayed' : 'given_up' });
    const facts = { mailId: mail.id, template: mail.template, attempts: mail.attempts, reason };
    if (next) this.logger.warn(facts, 'A mail could not be sent and will be tried again');
    else this.logger.error(facts, 'A mail was given up (docs/operations/mail.md)');
  }
}
