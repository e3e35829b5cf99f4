import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { clientOf } from '../access/request.js';
import { AuditService } from '../audit/audit.service.js';
import { RequestCredentials } from '../auth/request-credentials.js';
import { isSignupCookieOf } from '../auth/signup-cookie.js';
import { ENV, type Env } from '../config/env.js';
import { Transactions } from '../database/transactions.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import { RotationService } from '../sessions/rotation.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { PasswordAttempts } from '../throttle/password-attempts.js';
import { AccessTokenService } from '../tokens/access-token.service.js';
import { User } from '../users/user.entity.js';
import { reauthenticationRequired, wrongPassword } from './lifecycle.errors.js';

/** What whoever opens a link shows besides it. */
export interface Shown {
  /** Of the password that fitted. */
  readonly passwordHash: string | undefined;
  /** Sessions of the account that the request has current tokens of. */
  readonly sessionIds: readonly string[];
  readonly signupCookie: string | undefined;
}

/**
 * A link that confirms an address is pressed by whoever reads its mails; the account behind it may be that of a stranger, who
 * would have a confirmed one by a click of somebody else. So it takes the one who has the account as well: by password or by a
 * live session, and for the address of a new account also in the browser in which it was made (ADR 0033).
 */
@Injectable()
export class Confirming {
  private readonly secrets: readonly string[];

  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly credentials: RequestCredentials,
    private readonly tokens: AccessTokenService,
    private readonly rotation: RotationService,
    private readonly sessions: SessionsService,
    private readonly passwords: PasswordsService,
    private readonly attempts: PasswordAttempts,
    private readonly audit: AuditService,
    @Inject(ENV) env: Pick<Env, 'JWT_SECRET' | 'JWT_PREVIOUS_SECRETS'>,
  ) {
    this.secrets = [env.JWT_SECRET, ...env.JWT_PREVIOUS_SECRETS];
  }

  /**
   * Tokens that are wrong, over, rotated away or of somebody else count as none.
   *
   * @throws AppError `INVALID_CREDENTIALS` or `TOO_MANY_REQUESTS` for a password
   */
  async shown(userId: string, request: Request, password: string | null | undefined): Promise<Shown> {
    const { accessToken, refreshToken } = this.credentials.anyTokens(request, undefined);
    const named = await Promise.all([
      accessToken ? this.tokens.currentSessionOf(accessToken) : undefined,
      refreshToken ? this.rotation.currentSessionOf(refreshToken) : undefined,
    ]);
    // Whoever acts as the user is not the user.
    const own = named.filter((session) => session?.userId === userId && session.actorId === userId);
    return {
      passwordHash: password ? await this.passwordHashOf(userId, password, request) : undefined,
      sessionIds: own.flatMap((session) => session?.sessionId ?? []),
      signupCookie: this.credentials.signupCookie(request),
    };
  }

  /**
   * In the transaction that holds the user's row.
   *
   * @throws AppError `REAUTHENTICATION_REQUIRED`
   */
  async assertOwn(em: EntityManager, user: User, shown: Shown): Promise<void> {
    if (!(await this.isOwn(em, user, shown))) throw reauthenticationRequired();
  }

  /**
   * The same for the address that the account was made with, which may be new: then it is also shown by the browser in which
   * the account was made, and there is nothing to show while nobody has had it.
   *
   * @throws AppError `REAUTHENTICATION_REQUIRED`
   */
  async assertOwnOrNew(em: EntityManager, user: User, shown: Shown): Promise<void> {
    if (await this.isOwn(em, user, shown)) return;
    const isNew = !user.emailVerified && !user.passwordChangedAt;
    const { signupCookie } = shown;
    if (isNew && signupCookie !== undefined && isSignupCookieOf(signupCookie, user, this.secrets)) return;
    if (isNew && !user.lastLoginAt && typeof user.passwordHash !== 'string') return;
    throw reauthenticationRequired();
  }

  private async isOwn(em: EntityManager, user: User, { passwordHash, sessionIds }: Shown): Promise<boolean> {
    await em.populate(user, ['passwordHash']);
    if (passwordHash !== undefined && user.passwordHash === passwordHash) return true;
    for (const id of sessionIds) if (await this.sessions.holdAlive(em, user.id, id)) return true;
    return false;
  }

  /** Counted with all that come with links of the account: strangers have none. */
  private async passwordHashOf(userId: string, password: string, request: Request): Promise<string | undefined> {
    const user = await this.em.fork().findOne(User, userId, { populate: ['passwordHash'] });
    const client = clientOf(request);
    const of = `link:${userId}` as const;
    await this.attempts.count({ email: user?.email ?? '', client, deviceId: undefined, of }, async () => {
      if (await this.passwords.verify(password, user?.passwordHash ?? null)) return;
      await this.transactions.runApart(async (em) =>
        this.audit.record(em, 'user.login_failed', { subjectId: userId, client }),
      );
      throw wrongPassword();
    });
    return user?.passwordHash ?? undefined;
  }
}
