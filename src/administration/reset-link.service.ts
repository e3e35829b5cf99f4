import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { Links } from '../lifecycle/links.js';
import { OneTimeTokens } from '../tokens/one-time-tokens.service.js';
import { AccountChange, type AccountKey } from './account-change.js';
import { disabledTarget } from './administration.errors.js';
import { actedBy, type Authority } from './authority.js';

/** Lets an operator hand a user the link that a mail would have brought. Nobody but its user learns the password (ASVS 6.4.6). */
@Injectable()
export class ResetLink {
  constructor(
    private readonly changes: AccountChange,
    private readonly tokens: OneTimeTokens,
    private readonly links: Links,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws AppError `NOT_FOUND`, `CONFLICT` for a disabled account */
  make(key: AccountKey, authority: Authority): Promise<{ url: string; lifetimeSeconds: number }> {
    return this.changes.run(key, authority, {}, async (em, user) => {
      if (user.disabledAt) throw disabledTarget();
      const lifetimeSeconds = this.links.lifetimeSeconds('password_reset');
      const grant = { purpose: 'password_reset', user, email: user.email, lifetimeSeconds } as const;
      // In place of the mail's: the token comes from it and from JWT_SECRET.
      const carrier = { salt: randomBytes(32).toString('base64url'), createdAt: this.clock.now(), attempts: 1 };
      const issued = await this.tokens.issue(em, grant, carrier);
      if (!issued) throw new Error('A link that is made now is the youngest.');
      const facts = { subjectId: user.id, ...actedBy(authority), details: { purpose: grant.purpose } };
      this.audit.record(em, 'user.link_requested', facts);
      return { url: this.links.url(grant.purpose, issued.token), lifetimeSeconds };
    });
  }
}
