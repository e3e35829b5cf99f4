import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { Transactions } from '../database/transactions.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { AccountsService } from './accounts.service.js';
import { emailTaken, signupClosed } from './auth.errors.js';
import type { SignupInput } from './auth.inputs.js';
import { type EmailVerificationRequired, verificationRequired } from './auth-payload.model.js';
import type { SignedIn } from './signed-in.js';
import { TokenIssuer } from './token-issuer.js';

/**
 * Makes an account and signs its owner in. Account, session and audit event are one transaction, so a refused sign-up
 * leaves nothing; the unique index decides between two at once.
 */
@Injectable()
export class SignupService {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: AccountsService,
    private readonly passwords: PasswordsService,
    private readonly sessions: SessionsService,
    private readonly issuer: TokenIssuer,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'SIGNUP_ENABLED' | 'REQUIRE_EMAIL_VERIFICATION'>,
  ) {}

  async signup(input: SignupInput, client: ClientInfo): Promise<SignedIn | EmailVerificationRequired> {
    if (!this.env.SIGNUP_ENABLED) throw signupClosed();
    const passwordHash = await this.passwords.hashNew(input.password, { email: input.email });
    const created = await this.create(input, passwordHash, client);
    if (this.env.REQUIRE_EMAIL_VERIFICATION) return verificationRequired(input.email);
    if (!created?.session) throw emailTaken();
    return this.issuer.issue(created.user, created.session, this.sessions.refreshTokenOf(created.session));
  }

  /** The new account with its session, or undefined when the address is taken. */
  private async create(input: SignupInput, passwordHash: string, client: ClientInfo) {
    try {
      return await this.transactions.run(async (em) => {
        const user = await this.accounts.create(em, { email: input.email, passwordHash, name: input.name ?? null });
        const isSignedIn = !this.env.REQUIRE_EMAIL_VERIFICATION;
        if (isSignedIn) user.lastLoginAt = this.clock.now();
        const session = isSignedIn ? await this.sessions.start(em, user, client, ['pwd']) : undefined;
        const facts = { actorId: user.id, subjectId: user.id, client };
        this.audit.record(em, 'user.signed_up', { ...facts, ...(session && { sessionId: session.id }) });
        return { user, session };
      });
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) return undefined;
      throw error;
    }
  }
}
