import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Transactions } from '../database/transactions.js';
import { Outbox } from '../mail/outbox.js';

/** What operators do with mails that are not sent. */
@Injectable()
export class MailAdministration {
  constructor(
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly audit: AuditService,
  ) {}

  /** Lets the server try now what has failed. @returns how many mails are due */
  retryAll(): Promise<number> {
    return this.transactions.runApart(async (em) => {
      const mails = await this.outbox.retryAll(em);
      if (mails > 0) this.audit.record(em, 'mails.retried', { details: { mails } });
      return mails;
    });
  }
}
