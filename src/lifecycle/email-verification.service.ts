import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { clientOf } from '../access/request.js';
import { AuditService } from '../audit/audit.service.js';
import type { User } from '../users/user.entity.js';
import { Confirming } from './confirming.js';
import { LinkUse } from './link-use.js';

/** Confirms that an address belongs to the owner of the account, who has read a mail there. */
@Injectable()
export class EmailVerification {
  constructor(
    private readonly links: LinkUse,
    private readonly confirming: Confirming,
    private readonly audit: AuditService,
  ) {}

  async verify(token: string, password: string | null | undefined, request: Request): Promise<User> {
    const { userId } = await this.links.claimOf(token, 'email_verification');
    const shown = await this.confirming.shown(userId, request, password);
    return this.links.use(token, 'email_verification', async (em, user) => {
      if (!user.emailVerified) await this.confirming.assertOwnOrNew(em, user, shown);
      user.emailVerified = true;
      this.audit.record(em, 'user.email_verified', { subjectId: user.id, client: clientOf(request) });
      return user;
    });
  }
}
