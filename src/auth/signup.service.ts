import { Inject, Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import type { ClientInfo } from '../common/client-info.js';
import { Clock } from '../common/clock.js';
import { ENV, type Env } from '../config/env.js';
import { Transactions } from '../database/transactions.js';
import { Outbox } from '../mail/outbox.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import { SessionsService } from '../sessions/sessions.service.js';
import { MailBudget } from '../throttle/mail-budget.js';
import { AccountsService } from './accounts.service.js';
import { isAddressTaken } from './address-taken.js';
import { emailTaken, signupClosed } from './auth.errors.js';
import type { SignupInput } from './auth.inputs.js';
import { type EmailVerificationRequired, verificationRequired } from './auth-payload.model.js';
import type { SignedIn } from './signed-in.js';
import { decoySignupCookie, formatSignupCookie } from './signup-cookie.js';
import { SignIns } from './sign-ins.js';

export interface SignupOutcome {
  readonly outcome: SignedIn | EmailVerificationRequired;
  /** For the browser in which the account is to be confirmed. Whoever is signed in needs none. */
  readonly signupCookie?: string;
}

/**
 * Makes an account and signs its owner in. Account, session, mail and audit event are one transaction, so a refused sign-up
 * leaves nothing; the unique index decides between two at once.
 *
 * With `REQUIRE_EMAIL_VERIFICATION` nobody is signed in, and a taken address has the same answer as a new one: each of the
 * two is one mail, to the owner of the address (ASVS 6.3.8), and beyond the mails of an hour none. If nobody has confirmed the
 * account that is there, the mail has a link to choose a password: its owner may not be who made it.
 */
@Injectable()
export class SignupService {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: AccountsService,
    private readonly passwords: PasswordsService,
    private readonly sessions: SessionsService,
    private readonly outbox: Outbox,
    private readonly mails: MailBudget,
    private readonly signIns: SignIns,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    @Inject(ENV) private readonly env: Pick<Env, 'SIGNUP_ENABLED' | 'REQUIRE_EMAIL_VERIFICATION' | 'JWT_SECRET'>,
  ) {}

  async signup(input: SignupInput, client: ClientInfo): Promise<SignupOutcome> {
    if (!this.env.SIGNUP_ENABLED) throw signupClosed();
    const passwordHash = await this.passwords.hashNew(input.password, { email: input.email });
    const mayMail = this.env.REQUIRE_EMAIL_VERIFICATION && (await this.mails.spend('signup', input.email)) === 'within';
    const created = await this.create(input, passwordHash, client, mayMail);
    if (this.env.REQUIRE_EMAIL_VERIFICATION) {
      if (!created && mayMail) await this.tellOwner(input.email, client);
      const signupCookie = created ? formatSignupCookie(this.env.JWT_SECRET, created.user) : decoySignupCookie();
      return { outcome: verificationRequired(input.email), signupCookie };
    }
    if (!created?.session) throw emailTaken();
    return { outcome: this.signIns.tokens({ ...created, session: created.session }) };
  }

  /** The new account with its session, or undefined when the address is taken. */
  private async create(input: SignupInput, passwordHash: string, client: ClientInfo, mayMail: boolean) {
    const { email, name = null } = input;
    const locale = input.locale ?? client.locale;
    try {
      return await this.transactions.run(async (em) => {
        const user = await this.accounts.create(em, { email, passwordHash, name, locale });
        const isSignedIn = !this.env.REQUIRE_EMAIL_VERIFICATION;
        if (isSignedIn) user.lastLoginAt = this.clock.now();
        const mail = { template: 'verify-email', recipient: email, userId: user.id, locale } as const;
        if (mayMail) await this.outbox.ask(em, mail, client);
        const session = isSignedIn ? await this.sessions.start(em, user, client, ['pwd']) : undefined;
        const facts = { actorId: user.id, subjectId: user.id, client };
        this.audit.record(em, 'user.signed_up', { ...facts, ...(session && { sessionId: session.id }) });
        return { user, session, roles: user.roles.getItems().map(({ name }) => name) };
      });
    } catch (error) {
      if (isAddressTaken(error)) return undefined;
      throw error;
    }
  }

  private tellOwner(recipient: string, client: ClientInfo): Promise<void> {
    const mail = { template: 'account-exists', recipient, locale: client.locale } as const;
    return this.transactions.runApart((em) => this.outbox.ask(em, mail, client));
  }
}
