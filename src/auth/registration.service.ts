import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { type AuditFacts, AuditService } from '../audit/audit.service.js';
import { badInput } from '../common/bad-input.js';
import { Transactions } from '../database/transactions.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import { isDisplayName, NAME_MAX_LENGTH, NAME_NOT_VISIBLE, NAME_TOO_LONG } from '../users/display-name.js';
import { isEmailAddress, normalizeEmail, notAnEmail } from '../users/email.js';
import type { User } from '../users/user.entity.js';
import { AccountsService, type NewAccount } from './accounts.service.js';
import { isAddressTaken } from './address-taken.js';
import { emailTaken } from './auth.errors.js';

export interface Registration extends Omit<NewAccount, 'passwordHash'> {
  /** Null: the owner sets one by a link. */
  password: string | null;
}

/**
 * Makes accounts for others: the same checks as the sign-up form, whatever `SIGNUP_ENABLED` says, and no session.
 *
 * @see SignupService for those who sign up
 */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: AccountsService,
    private readonly passwords: PasswordsService,
    private readonly audit: AuditService,
  ) {}

  /**
   * @param by who makes it; nobody: an operator
   * @param assertStill throws, in the transaction, when they may not any more: a password takes its time
   */
  async register(
    { email: given, password, ...account }: Registration,
    by: Pick<AuditFacts, 'actorId' | 'client'> = {},
    assertStill: (em: EntityManager) => Promise<void> = () => Promise.resolve(),
  ): Promise<User> {
    const email = normalizeEmail(given);
    if (!isEmailAddress(email)) throw notAnEmail('email');
    assertName(account.name);
    const passwordHash = password === null ? null : await this.passwords.hashNew(password, { email, path: 'password' });
    try {
      return await this.transactions.runApart(async (em) => {
        await assertStill(em);
        const user = await this.accounts.create(em, { ...account, email, passwordHash });
        this.audit.record(em, 'user.created', { ...by, subjectId: user.id, details: { roles: account.roles ?? [] } });
        return user;
      });
    } catch (error) {
      if (isAddressTaken(error)) throw emailTaken('email');
      throw error;
    }
  }
}

/** An operator's has met no input class. */
function assertName(name: string | null | undefined): void {
  if (name === null || name === undefined) return;
  if (name.length > NAME_MAX_LENGTH) throw badInput('name', NAME_TOO_LONG);
  if (!isDisplayName(name)) throw badInput('name', NAME_NOT_VISIBLE);
}
