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

/** The mail is out: as long as it can not be deleted, it would be sent again. Less than a minute, so within its lease. */
const FORGETTING = { retries: 15, minTimeout: 100, maxTimeout: 5_000 };

/** A mail with the number of this attempt. With another one in its row, the lease was over and another instance has it. */
export type TakenMail = Readonly<Pick<Mail, 'id' | 'attempts'>>;

type Tried = Pick<Mail, 'id' | 'template' | 'attempts'>;

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

  /**
   * Never fails: whatever goes wrong, the mail is due again later, or is given up where everybody sees it.
   *
   * @param cutOff ends it before the mail server has answered
   */
  async make(taken: TakenMail, cutOff: AbortSignal): Promise<void> {
    try {
      const message = await this.transactions.runApart((em) => this.compose(em, taken));
      if (!message) return;
      // Outside of any transaction: a slow mail server holds nothing.
      await this.transport.deliver(message, AbortSignal.any([cutOff, AbortSignal.timeout(ATTEMPT_MS)]));
      await this.sent(message);
    } catch (error) {
      await this.failed(taken, failureOf(error));
    }
  }

  /** What to send; undefined when the mail was withdrawn or taken by another instance meanwhile, when it has to wait, or when nobody is to be written to. */
  private async compose(em: EntityManager, taken: TakenMail): Promise<Message | undefined> {
    const mail = await em.findOne(Mail, { ...taken });
    if (!mail) return undefined;
    const message = await this.composer.compose(em, mail);
    if (message && 'waitSeconds' in message) {
      mail.dueAt = new Date(this.clock.now().getTime() + message.waitSeconds * 1000);
      return undefined;
    }
    if (message) return message;
    em.remove(mail);
    this.metrics.mails.inc({ template: mail.template, result: 'dropped' });
    return undefined;
  }

  private async sent({ id, template }: Message): Promise<void> {
    await pRetry(() => this.em.fork().nativeDelete(Mail, { id }), FORGETTING);
    this.metrics.mails.inc({ template, result: 'sent' });
    this.logger.log({ mailId: id, template }, 'A mail was sent');
  }

  private async failed({ id, attempts }: TakenMail, { code, reason, isFinal }: MailFailure): Promise<void> {
    try {
      const em = this.em.fork();
      const mail = await em.findOne(Mail, { id, attempts }, { fields: ['template', 'attempts', 'createdAt'] });
      if (!mail) return;
      const now = this.clock.now();
      const next = isFinal ? undefined : nextAttempt(mail, now, this.env.MAIL_RETRY_FOR);
      // Past the unit of work, which would write a moment that is none back.
      const outcome = { lastError: reason, ...(next ? { dueAt: next } : { failedAt: now }) };
      if ((await em.nativeUpdate(Mail, { id, attempts }, outcome)) === 1) this.report(mail, code, next === undefined);
    } catch (error) {
      // It comes again when its lease is over.
      this.logger.warn({ err: error, mailId: id }, 'What became of a mail could not be stored');
    }
  }

  private report({ id: mailId, template, attempts }: Tried, code: string, isGivenUp: boolean): void {
    const facts = { mailId, template, attempts, code };
    this.metrics.mails.inc({ template, result: isGivenUp ? 'given_up' : 'delayed' });
    if (isGivenUp) this.logger.error(facts, 'A mail was given up (docs/operations/mail.md)');
    else this.logger.warn(facts, 'A mail could not be sent and will be tried again');
  }
}
