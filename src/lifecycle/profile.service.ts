import { Injectable } from '@nestjs/common';
import { actorOf, type Principal } from '../access/principal.js';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import type { User } from '../users/user.entity.js';
import type { UpdateProfileInput } from './lifecycle.inputs.js';
import { OwnAccount } from './own-account.js';

/** Changes what opens nothing, and therefore asks for no proof. */
@Injectable()
export class Profile {
  constructor(
    private readonly account: OwnAccount,
    private readonly audit: AuditService,
  ) {}

  /** What the input leaves out stays; null clears it. */
  update(principal: Principal, { name, locale }: UpdateProfileInput, client: ClientInfo): Promise<User> {
    const { userId, sessionId } = principal;
    return this.account.change(principal, {}, async (em, user) => {
      if (name !== undefined) user.name = name;
      if (locale !== undefined) user.locale = locale;
      this.audit.record(em, 'user.profile_updated', {
        actorId: actorOf(principal),
        subjectId: userId,
        sessionId,
        client,
      });
      return user;
    });
  }
}
