import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Transactions } from '../database/transactions.js';
import { PasswordsService } from '../passwords/passwords.service.js';
import { isEmailAddress, normalizeEmail, notAnEmail } from '../users/email.js';
import type { User } from '../users/user.entity.js';
import { AccountsService } from './accounts.service.js';
import { isAddressTaken } from './address-taken.js';
import { emailTaken } from './auth.errors.js';

export interface Registration {
  email: string;
  password: string;
  name?: string;
  roles?: readonly string[];
  emailVerified?: boolean;
}

/** Makes accounts for operators: the same checks as the sign-up form, whatever `SIGNUP_ENABLED` says, and no session. */
@Injectable()
export class RegistrationService {
  constructor(
    private readonly transactions: Transactions,
    private readonly accounts: AccountsService,
    private readonly passwords: PasswordsService,
    private readonly audit: AuditService,
  ) {}

  async register({ email: given, password, ...account }: Registration): Promise<User> {
    const email = normalizeEmail(given);
    if (!isEmailAddress(email)) throw notAnEmail('email');
    const passwordHash = await this.passwords.hashNew(password, { email, path: 'password' });
    try {
      return await this.transactions.runApart(async (em) => {
        const user = await this.accounts.create(em, { ...account, email, passwordHash });
        this.audit.record(em, 'user.created', { subjectId: user.id, details: { roles: account.roles ?? [] } });
        return user;
      });
    } catch (error) {
      if (isAddressTaken(error)) throw emailTaken('email');
      throw error;
    }
  }
}
