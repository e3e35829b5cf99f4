import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { assertOwner } from '../access/owner.js';
import type { Principal } from '../access/principal.js';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { Transactions } from '../database/transactions.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import { PasswordAttempts } from '../throttle/password-attempts.js';
import { User } from '../users/user.entity.js';
import { reauthenticationRequired, wrongPassword } from './lifecycle.errors.js';

/** What the caller has shown. */
export interface Proof {
  /** Absent: a sign-in of a moment ago. */
  readonly byPassword?: {
    /** That the password fitted. */
    readonly hash: string | null;
    /** Who sent it. */
    readonly client: ClientInfo;
  };
}

/**
 * Step-up: before an account is changed its owner shows once more who they are, so that a session which somebody found open
 * is not enough (ASVS 7.5.1). The password, or with an empty one a sign-in within `REAUTHENTICATION_MAX_AGE`.
 */
@Injectable()
export class Reauthentication {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly passwords: PasswordsService,
    private readonly attempts: PasswordAttempts,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'REAUTHENTICATION_MAX_AGE' | 'CLOCK_TOLERANCE_SECONDS'>,
  ) {}

  /** @throws AppError `FORBIDDEN` to whoever acts as the user, `INVALID_CREDENTIALS`, `REAUTHENTICATION_REQUIRED` or `TOO_MANY_REQUESTS` */
  async prove(principal: Principal, password: string, client: ClientInfo): Promise<Proof> {
    if (password === '') return this.proveBySession(principal);
    assertOwner(principal);
    const user = await this.em.fork().findOne(User, principal.userId, { populate: ['passwordHash'] });
    const hash = user?.passwordHash ?? null;
    // For this session alone: guesses in it keep nobody out elsewhere.
    const of = `session:${principal.sessionId}` as const;
    await this.attempts.count({ email: user?.email ?? '', client, deviceId: undefined, of }, async () => {
      if (!(await this.passwords.verify(password, hash))) await this.refuse(principal, client);
    });
    return { byPassword: { hash, client } };
  }

  /** @throws AppError `FORBIDDEN` to whoever acts as the user, `REAUTHENTICATION_REQUIRED` */
  proveBySession(principal: Principal): Proof {
    assertOwner(principal);
    const { authTime } = principal;
    const age = this.clock.now().getTime() - authTime.getTime();
    // A sign-in in the future is of a clock that was set back since: nobody knows how old it is.
    const isRecent = age <= this.env.REAUTHENTICATION_MAX_AGE * 1000 && age >= -this.env.CLOCK_TOLERANCE_SECONDS * 1000;
    if (!isRecent) throw reauthenticationRequired();
    return {};
  }

  /**
   * Refuses the password, and records that. Outside of any transaction that is rolled back by what this throws.
   *
   * @throws AppError `INVALID_CREDENTIALS`
   */
  async refuse({ userId, sessionId }: Principal, client: ClientInfo): Promise<never> {
    const facts = { actorId: userId, subjectId: userId, sessionId, client };
    await this.transactions.runApart(async (em) => this.audit.record(em, 'user.reauthentication_failed', facts));
    throw wrongPassword();
  }
}
