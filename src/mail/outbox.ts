import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { networksOf } from '../common/network.js';
import { Mail, type MailFacts } from './mail.entity.js';
import type { MailTemplate } from './mail-template.js';

export interface NewMail {
  readonly template: MailTemplate;
  /** Normalised. */
  readonly recipient: string;
  readonly userId?: string;
  /** Of whoever asked for it, where the mail is to be withdrawn when the session is ended. */
  readonly sessionId?: string;
  readonly locale?: string | null;
  readonly facts?: MailFacts;
}

/** Without what can break the list of all: the facts of a mail that are no JSON. */
const LISTED = ['template', 'recipient', 'createdAt', 'attempts', 'failedAt', 'lastError'] as const;

/** What an operator is shown of a mail. */
export type WaitingMail = Pick<Mail, 'id' | (typeof LISTED)[number]>;

/** The mails that carry a link which is of no use once the account has changed. Notices are sent whatever comes. */
const LINKS: MailTemplate[] = ['verify-email', 'reset-password', 'magic-link', 'confirm-email-change'];

/** At most so many mails of one network wait: 50 s of the outbox. */
export const MOST_WAITING = 1_000;

/** Mails that the server sends by itself, such as notices, go before all others. */
const OF_THE_SERVER = { askedFrom: null, turn: -1 } as const;

/**
 * Where mails are left to be sent (transactional outbox). A mail is part of the transaction that causes it: both are
 * committed or neither, and no request waits for a mail server.
 */
@Injectable()
export class Outbox {
  constructor(
    private readonly em: EntityManager,
    private readonly clock: Clock,
  ) {}

  /**
   * Adds a mail that a client has asked for to the unit of work of `em`. Who the recipient is, is looked up when it is sent.
   * Networks take turns. A mail beyond `MOST_WAITING` of its network is dropped.
   */
  async ask(em: EntityManager, mail: NewMail, { ipAddress }: Pick<ClientInfo, 'ipAddress'>): Promise<void> {
    const askedFrom = networksOf(ipAddress).at(-1) ?? null;
    // Those alone that nobody has begun to send: how long one is on its way tells whether it is to anybody.
    const turn = await em.count(Mail, { askedFrom, attempts: 0 });
    if (turn < MOST_WAITING) this.write(em, mail, { askedFrom, turn });
  }

  /** Adds a mail that the server sends by itself, such as a notice. */
  write(em: EntityManager, mail: NewMail, order: Pick<Mail, 'askedFrom' | 'turn'> = OF_THE_SERVER): void {
    const { template, recipient, userId, sessionId, locale, facts } = mail;
    const now = this.clock.now();
    em.create(Mail, {
      id: newId(),
      template,
      recipient,
      userId: userId ?? null,
      sessionId: sessionId ?? null,
      locale: locale ?? null,
      facts: facts ?? {},
      salt: randomBytes(32).toString('base64url'),
      ...order,
      createdAt: now,
      dueAt: now,
      attempts: 0,
    });
  }

  /**
   * Takes back the links that wait to be sent to an account: they were asked for before it changed. Mails that are about
   * another account are none of them, whoever they go to.
   */
  async withdrawLinks(em: EntityManager, account: { id: string; email: string }): Promise<void> {
    const theirs = [{ userId: account.id }, { userId: null, recipient: account.email }];
    await em.nativeDelete(Mail, { template: { $in: LINKS }, $or: theirs });
  }

  /** Since when which addresses wait to be told of a change. */
  async changes(em: EntityManager, userId: string): Promise<{ email: string; createdAt: Date }[]> {
    const where = { template: 'email-changed', userId } as const;
    const mails = await em.find(Mail, where, { fields: ['recipient', 'createdAt'] });
    return mails.map(({ recipient: email, createdAt }) => ({ email, createdAt }));
  }

  /** Takes back what tells former addresses of a change, but for those that are kept: its links would take the account back. */
  async withdrawChanges(em: EntityManager, userId: string, isKept: (email: string) => boolean): Promise<void> {
    const mails = await em.find(Mail, { template: 'email-changed', userId }, { fields: ['recipient'] });
    const ended = mails.filter(({ recipient }) => !isKept(recipient)).map(({ id }) => id);
    await em.nativeDelete(Mail, { id: { $in: ended } });
  }

  /** Whom notices that wait are to tell about an account. */
  async waitingForNotice(em: EntityManager, userId: string): Promise<string[]> {
    const mails = await em.find(Mail, { userId, template: { $nin: LINKS } }, { fields: ['recipient'] });
    return mails.map(({ recipient }) => recipient);
  }

  /** Takes back everything that waits to be sent about an account. */
  async withdrawAll(em: EntityManager, account: { id: string; email: string }): Promise<void> {
    await this.withdrawLinks(em, account);
    await em.nativeDelete(Mail, { userId: account.id });
  }

  /** What has not been sent, the oldest first. */
  list(): Promise<WaitingMail[]> {
    return this.em.fork().find(Mail, {}, { fields: LISTED, orderBy: { createdAt: 'asc', id: 'asc' } });
  }

  /** Makes what failed due now, once more if it was given up. A mail that is on its way is left alone. @returns how many */
  async retryAll(em: EntityManager): Promise<number> {
    const due = { failedAt: null, dueAt: this.clock.now() };
    return em.nativeUpdate(Mail, { lastError: { $ne: null } }, due);
  }
}
