import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { clientOf } from '../access/request.js';
import { AuditService } from '../audit/audit.service.js';
import { AccountLinks } from '../auth/account-links.js';
import { KnownDevices } from '../auth/known-devices.js';
import type { SignedIn } from '../auth/signed-in.js';
import { SignIns } from '../auth/sign-ins.js';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { choosePassword } from '../users/password-choice.js';
import type { User } from '../users/user.entity.js';
import { magicLinksOff } from './lifecycle.errors.js';
import { LinkUse } from './link-use.js';

/** RFC 8176: a one-time password, which is what the link carries. */
const AUTH_METHODS = ['otp'];

/** Signs the owner of an account in by a link. */
@Injectable()
export class MagicLink {
  constructor(
    private readonly links: LinkUse,
    private readonly devices: KnownDevices,
    private readonly signIns: SignIns,
    private readonly sessions: SessionsService,
    private readonly accountLinks: AccountLinks,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'MAGIC_LINKS_ENABLED'>,
  ) {}

  async login(token: string, request: Request): Promise<SignedIn> {
    if (!this.env.MAGIC_LINKS_ENABLED) throw magicLinksOff();
    const client = clientOf(request);
    const { email } = await this.links.claimOf(token, 'magic_link');
    const deviceId = await this.devices.recognise(request, email);
    const owned = await this.links.use(token, 'magic_link', async (em, user) => {
      if (!user.emailVerified) await this.takeOver(em, user, client);
      const formerLoginAt = user.lastLoginAt;
      user.lastLoginAt = this.clock.now();
      return this.signIns.open(em, user, { client, deviceId, authMethods: AUTH_METHODS, formerLoginAt });
    });
    return this.signIns.tokens(owned);
  }

  /**
   * The first one who shows that the address is theirs gets the account, and nobody else keeps it: whoever signed up with
   * the address of another could otherwise wait for them to come ("account pre-hijacking", Sudhodanan and Paverd 2022).
   */
  private async takeOver(em: EntityManager, user: User, client: ClientInfo): Promise<void> {
    user.emailVerified = true;
    // Earlier sign-ins may be a stranger's: this one counts as the owner's first.
    user.lastLoginAt = null;
    choosePassword(user, null, this.clock.now());
    await this.sessions.revoke(em, user.id, 'all', 'address_proved');
    // A change of address that they asked for would take the account away again.
    await this.accountLinks.void(em, user);
    this.audit.record(em, 'user.email_verified', { subjectId: user.id, client });
  }
}
