import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { AuditService } from '../audit/audit.service.js';
import { AppError } from '../common/app-error.js';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { newId } from '../common/ids.js';
import { ENV, type Env } from '../config/env.js';
import { DirectSql } from '../database/direct-sql.js';
import { Transactions } from '../database/transactions.js';
import { Outbox } from '../mail/outbox.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import type { OwnedSession } from '../sessions/genuine-sessions.js';
import type { UserRecord } from '../users/user.entity.js';
import { PasswordAttempts } from '../throttle/password-attempts.js';
import { type Credentials, UsersService } from '../users/users.service.js';
import { invalidCredentials } from './auth.errors.js';
import type { LoginInput } from './auth.inputs.js';
import type { SignedIn } from './signed-in.js';
import { SignIns } from './sign-ins.js';

/**
 * Signs a user in with a password. Every refusal costs one hash, leaves the same rows and gives one answer, so neither time
 * nor text tells whether an account exists, is disabled or has to be confirmed (ASVS 6.3.8). The last would tell whoever
 * signed up with an address a moment ago whether it had an account before.
 */
@Injectable()
export class LoginService {
  constructor(
    private readonly em: EntityManager,
    private readonly sql: DirectSql,
    private readonly transactions: Transactions,
    private readonly attempts: PasswordAttempts,
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly signIns: SignIns,
    private readonly outbox: Outbox,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'REQUIRE_EMAIL_VERIFICATION'>,
  ) {}

  /** @param deviceId of a device that is known to the account, see `KnownDevices` */
  login(input: LoginInput, client: ClientInfo, deviceId?: string): Promise<SignedIn> {
    const attempt = { email: input.email, client, deviceId };
    return this.attempts.count(attempt, async () => {
      const outcome = await this.authenticate(input, client, deviceId);
      // The account changed while its password was being checked, which is therefore to be checked once more.
      const last = outcome === 'changed' ? await this.authenticate(input, client, deviceId) : outcome;
      return last === 'changed' ? this.refuse(input, undefined, client) : last;
    });
  }

  private async authenticate(input: LoginInput, client: ClientInfo, deviceId?: string): Promise<SignedIn | 'changed'> {
    const found = await this.users.credentialsOf(input.email);
    const matches = await this.passwords.verify(input.password, found?.passwordHash ?? null);
    const isWrong = !found || !matches || found.user.disabledAt;
    if (isWrong || (this.env.REQUIRE_EMAIL_VERIFICATION && !found.user.emailVerified)) {
      return this.refuse(input, found?.user, client, isWrong ? 'user.login_failed' : 'user.login_unverified');
    }
    const owned = await this.open(found, input.password, client, deviceId);
    return owned ? this.signIns.tokens(owned) : 'changed';
  }

  /** The new session, or undefined when the account is no longer the one whose password was checked. */
  private async open(
    { user, passwordHash }: Credentials,
    password: string,
    client: ClientInfo,
    deviceId?: string,
  ): Promise<OwnedSession | undefined> {
    const now = this.clock.now();
    const newHash = this.passwords.needsRehash(passwordHash ?? '') ? await this.tryRehash(password) : undefined;
    return this.transactions.runApart(async (em) => {
      // The first statement takes the row: it decides against a change at the same moment, and one user's logins queue.
      const [row] = await this.sql.rows(
        sql<{ version: number }>`update users
          set last_login_at = ${this.sql.fromDate(now)}, password_hash = ${newHash ?? passwordHash}
          where id = ${user.id} and email = ${user.email} and password_hash = ${passwordHash} and disabled_at is null
          returning version`,
        em,
      );
      if (!row) return undefined;
      const signIn = { client, deviceId, authMethods: ['pwd'], formerLoginAt: user.lastLoginAt };
      return this.signIns.open(em, { ...user, lastLoginAt: now, version: row.version }, signIn);
    });
  }

  /** The login was right: a full hashing queue puts the better hash off to the next one. */
  private async tryRehash(password: string): Promise<string | undefined> {
    try {
      return await this.passwords.rehash(password);
    } catch (error) {
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }

  private async refuse(
    { email: recipient }: LoginInput,
    user: UserRecord | undefined,
    client: ClientInfo,
    type: 'user.login_failed' | 'user.login_unverified' = 'user.login_failed',
  ): Promise<never> {
    const em = this.em.fork();
    this.audit.record(em, type, { ...(user && { subjectId: user.id }), client });
    if (this.env.REQUIRE_EMAIL_VERIFICATION) {
      // After a wrong password the mail is to nobody, and its sender drops it.
      const userId = type === 'user.login_unverified' && user ? user.id : newId();
      const { ipAddress, userAgent, locale } = client;
      const facts = { ipAddress, userAgent };
      await this.outbox.ask(em, { template: 'verify-email', recipient, userId, locale, facts }, client);
    }
    await em.flush();
    throw invalidCredentials();
  }
}
