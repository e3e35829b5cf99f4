import { type EntityManager, LockMode } from '@mikro-orm/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { ENV, type Env } from '../config/env.js';
import { type Letter, MailComposer } from '../mail/mail-composer.js';
import { Mail } from '../mail/mail.entity.js';
import type { TokenPurpose } from '../tokens/one-time-token.js';
import { OneTimeTokens } from '../tokens/one-time-tokens.service.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import { User } from '../users/user.entity.js';
import { Links } from './links.js';

/**
 * Decides what becomes of each mail of the outbox: who has the account, whether there is anything to write, and which link.
 * Requests only leave a mail there, whoever they name. So neither their answer nor their work shows who has an account
 * (ASVS 6.3.8).
 */
@Injectable()
export class Correspondent implements OnModuleInit {
  constructor(
    private readonly composer: MailComposer,
    private readonly tokens: OneTimeTokens,
    private readonly held: HeldAddresses,
    private readonly links: Links,
    private readonly audit: AuditService,
    @Inject(ENV) private readonly env: Pick<Env, 'MAGIC_LINKS_ENABLED'>,
  ) {}

  onModuleInit(): void {
    this.composer.ask(async (em, mail) => {
      const letter = await this.letterFor(em, mail);
      return mail.facts.renews ? undefined : letter;
    });
  }

  private async letterFor(em: EntityManager, mail: Mail): Promise<Letter | undefined> {
    switch (mail.template) {
      case 'verify-email': {
        const user = await this.owner(em, mail, { email: mail.recipient });
        return user && !user.emailVerified ? this.withLink(em, mail, user, 'email_verification') : undefined;
      }
      case 'reset-password': {
        const user = await this.owner(em, mail, { email: mail.recipient });
        return user && this.withLink(em, mail, user, 'password_reset');
      }
      case 'magic-link': {
        const user = this.env.MAGIC_LINKS_ENABLED && (await this.owner(em, mail, { email: mail.recipient }));
        return user ? this.withLink(em, mail, user, 'magic_link') : undefined;
      }
      case 'confirm-email-change':
        return this.emailChange(em, mail);
      case 'email-changed': {
        const user = await this.owner(em, mail, { id: mail.userId ?? '' });
        return user && this.withLink(em, mail, user, 'email_revert');
      }
      case 'account-exists': {
        const user = await this.owner(em, mail, { email: mail.recipient });
        return user && { template: mail.template, locale: user.locale ?? null };
      }
      // What has happened is told, whatever has become of the account since.
      case 'email-replaced':
      case 'password-changed':
      case 'new-device':
      case 'account-deleted':
        return { template: mail.template, locale: mail.locale ?? null };
    }
  }

  /** Whoever has the new address already hears of it there; the one who asked is told the same as ever. */
  private async emailChange(em: EntityManager, mail: Mail): Promise<Letter | undefined> {
    const user = await this.owner(em, mail, { id: mail.userId ?? '' });
    if (!user) return undefined;
    const holder = await em.findOne(User, { email: mail.recipient });
    if (holder) return { template: 'account-exists', locale: holder.locale ?? null };
    if (await this.held.isHeld(em, mail.recipient, user.id)) return undefined;
    return this.withLink(em, mail, user, 'email_change');
  }

  /**
   * Locks the account and the mail, and looks whether it has been withdrawn: a change of the account withdraws its links, and
   * the end of a session those that were asked for in it.
   */
  private async owner(em: EntityManager, mail: Mail, where: { id: string } | { email: string }) {
    const lock = { lockMode: LockMode.PESSIMISTIC_WRITE } as const;
    const user = await em.findOne(User, { ...where, disabledAt: null }, lock);
    const [wanted] = user ? await em.find(Mail, { id: mail.id }, { ...lock, fields: ['id'] }) : [];
    return user && wanted ? user : undefined;
  }

  private async withLink(
    em: EntityManager,
    mail: Mail,
    user: User,
    purpose: TokenPurpose,
  ): Promise<Letter | undefined> {
    const lifetimeSeconds = this.links.lifetimeSeconds(purpose);
    if (mail.facts.renews) {
      await this.tokens.renew(em, { purpose, user, email: mail.recipient, lifetimeSeconds }, mail);
      return undefined;
    }
    const token = await this.tokens.issue(em, { purpose, user, email: mail.recipient, lifetimeSeconds }, mail);
    if (token === undefined) return undefined;
    if (mail.attempts === 1 && mail.facts.userAgent !== undefined) this.record(em, mail, user, purpose);
    const link = { url: this.links.url(purpose, token), lifetimeSeconds };
    return { template: mail.template, locale: user.locale ?? null, link };
  }

  /** Requests alone say where they came from: the other links follow from what is recorded itself. */
  private record(em: EntityManager, { facts }: Mail, user: User, purpose: TokenPurpose): void {
    const { ipAddress = null, userAgent = null } = facts;
    const client = { ipAddress, userAgent, locale: null };
    this.audit.record(em, 'user.link_requested', { subjectId: user.id, client, details: { purpose } });
  }
}
