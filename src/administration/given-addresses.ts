import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { AccountLinks } from '../auth/account-links.js';
import { AddressTaken } from '../auth/address-taken.js';
import { WaysBack } from '../lifecycle/ways-back.js';
import type { MailTemplate } from '../mail/mail-template.js';
import { Outbox } from '../mail/outbox.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import type { User } from '../users/user.entity.js';

/** What an administrator decides about the address of an account, in the transaction of the change. */
@Injectable()
export class GivenAddresses {
  constructor(
    private readonly links: AccountLinks,
    private readonly waysBack: WaysBack,
    private readonly held: HeldAddresses,
    private readonly outbox: Outbox,
  ) {}

  /**
   * Decides whom the account belongs to, also by the address that it has: no former address takes it back. The last one is told if it
   * was confirmed, without a link: it may be the reason for the change.
   */
  async give(em: EntityManager, user: User, email: string): Promise<void> {
    const { id, email: former } = user;
    await this.waysBack.endAll(em, user);
    if (email !== former) {
      if (user.emailVerified) this.tell(em, user, 'email-replaced');
      user.email = email;
      user.emailVerified = false;
      await em.flush();
      if (await this.held.isHeld(em, email, id)) throw new AddressTaken();
    }
    await this.links.void(em, { id, email: former });
  }

  /** Without a confirmation no notice goes to the address: so it is told when that is taken away, as the last thing. */
  confirm(em: EntityManager, user: User, isConfirmed: boolean): void {
    if (user.emailVerified && !isConfirmed) this.tell(em, user, 'email-unconfirmed');
    user.emailVerified = isConfirmed;
  }

  private tell(em: EntityManager, user: User, template: MailTemplate): void {
    const { id: userId, email: recipient, locale = null } = user;
    this.outbox.write(em, { template, recipient, userId, locale });
  }
}
