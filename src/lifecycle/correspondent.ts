import { type EntityManager, LockMode } from '@mikro-orm/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { ENV, type Env } from '../config/env.js';
import { type Later, type Letter, MailComposer } from '../mail/mail-composer.js';
import { Mail } from '../mail/mail.entity.js';
import type { MailTemplate } from '../mail/mail-template.js';
import type { BudgetedMail } from '../throttle/limits.js';
import { MailBudget } from '../throttle/mail-budget.js';
import type { TokenPurpose } from '../tokens/one-time-token.js';
import { OneTimeTokens, type TokenGrant } from '../tokens/one-time-tokens.service.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import { User } from '../users/user.entity.js';
import { Links, MAILS_WITH_LINK } from './links.js';
import { WaysBack } from './ways-back.js';

const LOCKED = { lockMode: LockMode.PESSIMISTIC_WRITE } as const;

/**
 * Half of the least that mails are tried for (`MAIL_RETRY_FOR`), which goes on meanwhile: the other half is left to send it. Less than what
 * is taken for the time of a clock that was set back (`mail/mail-schedule.ts`). Seconds.
 */
const BUDGET_WAIT = 1_800;

/** Counted when they are sent: what failed has used none of them up. Those that anybody can ask for are counted by who takes the request. */
const COUNTED_HERE = [
  'email-changed',
  'email-left',
  'email-moved-back',
  'email-replaced',
  'email-unconfirmed',
  'account-deleted',
] as const satisfies (MailTemplate & BudgetedMail)[];

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
    private readonly waysBack: WaysBack,
    private readonly audit: AuditService,
    private readonly budget: MailBudget,
    @Inject(ENV) private readonly env: Pick<Env, 'MAGIC_LINKS_ENABLED'>,
  ) {}

  onModuleInit(): void {
    this.composer.ask(async (em, mail) => {
      const letter = await this.letterFor(em, mail);
      return !letter || mail.facts.renews ? undefined : this.withinBudget(mail, letter);
    });
  }

  /** What would take an account back is never lost to a budget, which a thief may have used up: it waits, and then goes out beside it. */
  private async withinBudget(mail: Mail, letter: Letter): Promise<Letter | Later | undefined> {
    const kind = COUNTED_HERE.find((template) => template === letter.template);
    if (!kind || mail.attempts > 1 || (await this.budget.spend(kind, mail.recipient)) === 'within') return letter;
    return letter.link && { waitSeconds: BUDGET_WAIT };
  }

  private async letterFor(em: EntityManager, mail: Mail): Promise<Letter | undefined> {
    switch (mail.template) {
      case 'verify-email': {
        const user = await this.owner(em, mail, { ...(mail.userId && { id: mail.userId }), email: mail.recipient });
        if (!user || user.emailVerified) return undefined;
        await this.countOfLogin(mail);
        return this.withLink(em, mail, user, 'email_verification');
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
      case 'email-changed':
        return this.emailChanged(em, mail);
      case 'account-exists':
      case 'account-waiting': {
        const user = await this.owner(em, mail, { email: mail.recipient });
        return user && this.ofTakenAddress(em, mail, user);
      }
      // What has happened is told, whatever has become of the account since.
      case 'email-left':
      case 'email-moved-back':
      case 'email-replaced':
      case 'email-unconfirmed':
      case 'password-changed':
      case 'new-device':
      case 'more-devices':
      case 'account-deleted':
        return { template: mail.template, locale: mail.locale ?? null };
    }
  }

  /** Of an account that nobody has confirmed the owner of the address may not know: they get the way in. */
  private async ofTakenAddress(em: EntityManager, mail: Mail, user: User): Promise<Letter | undefined> {
    if (user.emailVerified || user.disabledAt) return { template: 'account-exists', locale: user.locale ?? null };
    const letter = await this.withLink(em, mail, user, 'password_reset');
    return letter && { ...letter, template: 'account-waiting' };
  }

  /** Whoever has the new address already hears of it there; the one who asked is told the same as ever. */
  private async emailChange(em: EntityManager, mail: Mail): Promise<Letter | undefined> {
    const user = await this.owner(em, mail, { id: mail.userId ?? '' });
    if (!user) return undefined;
    const holder = await em.findOne(User, { email: mail.recipient }, LOCKED);
    if (holder) return this.ofTakenAddress(em, mail, holder);
    if (await this.held.isHeld(em, mail.recipient, user.id)) return undefined;
    const letter = await this.withLink(em, mail, user, 'email_change');
    return letter && { ...letter, revertLifetimeSeconds: this.links.lifetimeSeconds('email_revert') };
  }

  /** Told also while the account is disabled: the link works once it is enabled again. The right lasts as long as the link. */
  private async emailChanged(em: EntityManager, mail: Mail): Promise<Letter | undefined> {
    const user = await this.locked(em, mail, { id: mail.userId ?? '' });
    // A mail that was tried again after days: the hold of the address is over, and somebody else has it.
    if ((await em.count(User, { email: mail.recipient })) > 0) return undefined;
    if (!user) return undefined;
    if (!(await this.waysBack.prolong(em, user, mail))) {
      return { template: 'email-left', locale: mail.locale ?? null };
    }
    return this.withLink(em, mail, user, 'email_revert');
  }

  private owner(em: EntityManager, mail: Mail, where: { id?: string; email?: string }) {
    return this.locked(em, mail, { ...where, disabledAt: null });
  }

  /**
   * Locks the account and the mail, and looks whether it has been withdrawn: a change of the account withdraws its links, and
   * the end of a session those that were asked for in it.
   */
  private async locked(em: EntityManager, mail: Mail, where: { id?: string; email?: string; disabledAt?: null }) {
    const user = await em.findOne(User, where, LOCKED);
    const [wanted] = user ? await em.find(Mail, { id: mail.id }, { ...LOCKED, fields: ['id'] }) : [];
    return user && wanted ? user : undefined;
  }

  /**
   * Of the mails that logins leave (`auth/login.service.ts`), which name the account and where they came from. They are
   * counted here, not by the login, whose work would tell whether the password was right.
   */
  private async countOfLogin(mail: Mail): Promise<void> {
    const { userId, facts, attempts, recipient } = mail;
    const isOfLogin = typeof userId === 'string' && facts.userAgent !== undefined;
    if (!isOfLogin || attempts > 1 || (await this.budget.spend('verify-email', recipient)) === 'within') return;
    mail.facts = { ...facts, renews: true };
  }

  /** Of a mail beyond the budget: whether it has to go out after all. It then does at each attempt to send it. */
  private async isNeeded(em: EntityManager, mail: Mail, grant: TokenGrant): Promise<boolean> {
    if ((await this.tokens.renew(em, grant, mail)) > 0) return false;
    // Of another address than that of the account each account would send one there.
    const kind = grant.user.email === grant.email ? MAILS_WITH_LINK[grant.purpose] : undefined;
    if (!kind || !(await this.budget.spendForNoLink(kind, grant.email))) return false;
    mail.facts = { ...mail.facts, renews: false };
    return true;
  }

  private async withLink(
    em: EntityManager,
    mail: Mail,
    user: User,
    purpose: TokenPurpose,
  ): Promise<Letter | undefined> {
    const lifetimeSeconds = this.links.lifetimeSeconds(purpose);
    const grant = { purpose, user, email: mail.recipient, lifetimeSeconds };
    if (mail.facts.renews && !(await this.isNeeded(em, mail, grant))) return undefined;
    const issued = await this.tokens.issue(em, grant, mail);
    if (!issued) return undefined;
    if (mail.attempts === 1 && mail.facts.userAgent !== undefined) this.record(em, mail, user, purpose);
    const link = { url: this.links.url(purpose, issued.token), lifetimeSeconds: issued.lifetimeSeconds };
    return { template: mail.template, locale: user.locale ?? null, link };
  }

  /** Requests alone say where they came from: the other links follow from what is recorded itself. */
  private record(em: EntityManager, { facts }: Mail, user: User, purpose: TokenPurpose): void {
    const { ipAddress = null, userAgent = null } = facts;
    const client = { ipAddress, userAgent, locale: null };
    this.audit.record(em, 'user.link_requested', { subjectId: user.id, client, details: { purpose } });
  }
}
