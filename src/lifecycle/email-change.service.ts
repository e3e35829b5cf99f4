import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { Principal } from '../access/principal.js';
import { clientOf } from '../access/request.js';
import { AuditService } from '../audit/audit.service.js';
import { AccountLinks } from '../auth/account-links.js';
import { AddressTaken, isAddressTaken } from '../auth/address-taken.js';
import { emailTaken } from '../auth/auth.errors.js';
import type { ClientInfo } from '../common/client-info.js';
import { Outbox } from '../mail/outbox.js';
import { MailBudget } from '../throttle/mail-budget.js';
import { voidOtherChanges } from '../sessions/begun-changes.js';
import { normalizeEmail } from '../users/email.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import type { User } from '../users/user.entity.js';
import type { RequestEmailChangeInput } from './lifecycle.inputs.js';
import { Confirming } from './confirming.js';
import { LinkUse } from './link-use.js';
import { OwnAccount } from './own-account.js';
import { Reauthentication } from './reauthentication.js';
import { WaysBack } from './ways-back.js';

/**
 * Changes the address of an account: asked for by its owner, confirmed from the new address. The old one is told, and can
 * take it back (`EmailRevert`), if it was confirmed.
 */
@Injectable()
export class EmailChange {
  constructor(
    private readonly reauthentication: Reauthentication,
    private readonly account: OwnAccount,
    private readonly links: LinkUse,
    private readonly confirming: Confirming,
    private readonly waysBack: WaysBack,
    private readonly accountLinks: AccountLinks,
    private readonly held: HeldAddresses,
    private readonly outbox: Outbox,
    private readonly mails: MailBudget,
    private readonly audit: AuditService,
  ) {}

  /** Answers alike whether the new address is free or not: the mail goes to whoever has it. */
  async request(principal: Principal, input: RequestEmailChangeInput, client: ClientInfo): Promise<true> {
    const { userId, sessionId } = principal;
    const proof = await this.reauthentication.prove(principal, input.password, client);
    const isWithin = (await this.mails.spend('confirm-email-change', input.newEmail)) === 'within';
    const facts = isWithin ? {} : { renews: true };
    await this.account.change(principal, proof, async (em, { locale = null }) => {
      const recipient = input.newEmail;
      await voidOtherChanges(em, userId, recipient);
      const mail = { template: 'confirm-email-change', recipient, userId, sessionId, locale, facts } as const;
      await this.outbox.ask(em, mail, client);
      this.audit.record(em, 'user.email_change_requested', { actorId: userId, subjectId: userId, sessionId, client });
    });
    return true;
  }

  /** @throws AppError `ONE_TIME_TOKEN_INVALID`; `EMAIL_TAKEN` when somebody signed up with the address meanwhile */
  async confirm(token: string, password: string | null | undefined, request: Request): Promise<User> {
    const { userId } = await this.links.claimOf(token, 'email_change');
    const shown = await this.confirming.shown(userId, request, password);
    try {
      return await this.links.use(token, 'email_change', async (em, user, { email }) => {
        await this.confirming.assertOwn(em, user, shown);
        await this.moveTo(em, user, normalizeEmail(email));
        this.audit.record(em, 'user.email_changed', { subjectId: user.id, client: clientOf(request) });
        return user;
      });
    } catch (error) {
      // Whoever asks reads the mails of the address: this tells them nothing about somebody else.
      if (isAddressTaken(error)) throw emailTaken('token');
      throw error;
    }
  }

  private async moveTo(em: EntityManager, user: User, email: string): Promise<void> {
    const { id, email: former } = user;
    await this.waysBack.move(em, user, email);
    user.email = email;
    user.emailVerified = true;
    await em.flush();
    if (await this.held.isHeld(em, email, id)) throw new AddressTaken();
    await this.accountLinks.void(em, { id, email: former });
  }
}
