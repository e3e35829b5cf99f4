import { Module } from '@nestjs/common';
import { AccountDigests } from './account-digests.js';
import { Limiters } from './limiter.js';
import { MailBudget } from './mail-budget.js';
import { Networks } from './networks.js';
import { OperationLimits } from './operation-limits.js';
import { PasswordAttempts } from './password-attempts.js';

@Module({
  providers: [AccountDigests, Limiters, MailBudget, Networks, OperationLimits, PasswordAttempts],
  exports: [AccountDigests, Limiters, MailBudget, Networks, OperationLimits, PasswordAttempts],
})
export class ThrottleModule {}
