import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import type { AuditEventType } from '../audit/audit-events.js';
import { AuditService } from '../audit/audit.service.js';
import { AppError } from '../common/app-error.js';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { Transactions } from '../database/transactions.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import type { Session } from '../sessions/session.entity.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { User } from '../users/user.entity.js';
import { PasswordAttempts } from '../throttle/password-attempts.js';
import { UsersService } from '../users/users.service.js';
import { invalidCredentials } from './auth.errors.js';
import type { LoginInput } from './auth.inputs.js';
import { type EmailVerificationRequired, verificationRequired } from './auth-payload.model.js';
import type { SignedIn } from './signed-in.js';
import { TokenIssuer } from './token-issuer.js';

/**
 * Signs a user in with a password. Every refusal costs one hash and gives one answer, so neither time nor text tells
 * whether an account exists or is disabled (ASVS 6.3.8).
 */
@Injectable()
export class LoginService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly attempts: PasswordAttempts,
    private readonly users: UsersService,
    private readonly passwords: PasswordsService,
    private readonly sessions: SessionsService,
    private readonly issuer: TokenIssuer,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'REQUIRE_EMAIL_VERIFICATION'>,
  ) {}

  /** @param deviceId of a device that is known to the account, see `KnownDevices` */
  login(input: LoginInput, client: ClientInfo, deviceId?: string): Promise<SignedIn | EmailVerificationRequired> {
    return this.attempts.count({ email: input.email, client, deviceId }, () => this.authenticate(input, client));
  }

  private async authenticate(input: LoginInput, client: ClientInfo): Promise<SignedIn | EmailVerificationRequired> {
    const user = await this.users.byEmailWithPassword(input.email);
    const matches = await this.passwords.verify(input.password, user?.passwordHash ?? null);
    if (!user || !matches || user.disabledAt) return this.refuse(user, client);
    if (this.env.REQUIRE_EMAIL_VERIFICATION && !user.emailVerified) {
      await this.record('user.login_unverified', user, client);
      return verificationRequired(user.email);
    }
    const session = await this.open(user, input.password, client);
    if (!session) return this.refuse(user, client);
    return this.issuer.issue(user, session, this.sessions.refreshTokenOf(session));
  }

  /** The new session, or undefined when the account was disabled or deleted while its password was being checked. */
  private async open(user: User, password: string, client: ClientInfo): Promise<Session | undefined> {
    const now = this.clock.now();
    const oldHash = user.passwordHash ?? '';
    const newHash = this.passwords.needsRehash(oldHash) ? await this.tryRehash(password) : undefined;
    return this.transactions.run(async (em) => {
      // The first statement takes the row: it decides against a change at the same moment, and one user's logins queue.
      if ((await em.nativeUpdate(User, { id: user.id, disabledAt: null }, { lastLoginAt: now })) === 0)
        return undefined;
      user.lastLoginAt = now;
      if (newHash) await em.nativeUpdate(User, { id: user.id, passwordHash: oldHash }, { passwordHash: newHash });
      const session = await this.sessions.start(em, user, client, ['pwd']);
      const facts = { actorId: user.id, subjectId: user.id, sessionId: session.id, client };
      this.audit.record(em, 'user.logged_in', facts);
      return session;
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

  private async refuse(user: User | null, client: ClientInfo): Promise<never> {
    await this.record('user.login_failed', user, client);
    throw invalidCredentials();
  }

  private async record(type: AuditEventType, user: User | null, client: ClientInfo): Promise<void> {
    const em = this.em.fork();
    this.audit.record(em, type, { ...(user && { subjectId: user.id }), client });
    await em.flush();
  }
}
