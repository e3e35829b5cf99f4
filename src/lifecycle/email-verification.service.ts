import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import type { User } from '../users/user.entity.js';
import { LinkUse } from './link-use.js';

/** Confirms that an address belongs to the owner of the account, who has read a mail there. */
@Injectable()
export class EmailVerification {
  constructor(
    private readonly links: LinkUse,
    private readonly audit: AuditService,
  ) {}

  verify(token: string, client: ClientInfo): Promise<User> {
    return this.links.use(token, 'email_verification', async (em, user) => {
      user.emailVerified = true;
      this.audit.record(em, 'user.email_verified', { subjectId: user.id, client });
      return user;
    });
  }
}
