import { defineEntity, p } from '@mikro-orm/core';
import { idProperty, moment } from '../database/base.properties.js';
import type { MailTemplate } from './mail-template.js';

/** What a notice tells besides its text: names of our own making and addresses, never what a client wrote freely. */
export interface MailFacts {
  readonly device?: string | null;
  readonly ipAddress?: string | null;
  /** For the audit trail alone. */
  readonly userAgent?: string | null;
  /** Nothing is sent: the link of its kind that was sent before works for its whole time again. */
  readonly renews?: boolean;
}

const schema = defineEntity({
  name: 'Mail',
  tableName: 'mails',
  indexes: [
    { name: 'mails_turn_due_at', properties: ['turn', 'dueAt'], where: 'failed_at is null' },
    { name: 'mails_asked_from', properties: ['askedFrom'] },
    { name: 'mails_recipient', properties: ['recipient'] },
  ],
  properties: {
    /** Names the mail in its Message-ID too: each attempt is the same mail. */
    id: idProperty(),
    template: p.string().length(32).$type<MailTemplate>(),
    /** Normalised. */
    recipient: p.string().length(254),
    /** Whose account it is about. Null where only the recipient is known. */
    userId: p.uuid().nullable(),
    /** The session in which it was asked for, where it is of no use without that. */
    sessionId: p.uuid().nullable(),
    /** The language that the request asked for (BCP 47). That of the account, if there is one, comes first. */
    locale: p.string().length(35).nullable(),
    facts: p.json<MailFacts>(),
    /** 32 random bytes, base64url: half of what its one-time token is made of (`tokens/one-time-token.ts`). */
    salt: p.string().length(43).hidden(),
    /** The widest network of the client that asked for it (`common/network.ts`). Null of what the server sends by itself. */
    askedFrom: p.string().length(64).nullable(),
    /** Mails go in this order: how many of the same network waited when this one came; -1 of what the server sends by itself. */
    turn: p.integer().default(0),
    createdAt: moment(),
    /** When a sender may take it. Whoever takes it moves this ahead, so that nobody else does. */
    dueAt: moment(),
    attempts: p.integer().default(0),
    /** Given up: no sender takes it any more. */
    failedAt: moment().nullable(),
    /** What the last attempt failed of: a code, and what the mail server said. Null while it is on its way. */
    lastError: p.string().length(500).nullable(),
  },
});

/** A mail that is to be sent: the outbox. Its row is deleted when a mail server has taken it over. */
export class Mail extends schema.class {}

schema.setClass(Mail);
