import { Module } from '@nestjs/common';
import { Limiters } from './limiter.js';
import { MailBudget } from './mail-budget.js';
import { OperationLimits } from './operation-limits.js';
import { PasswordAttempts } from './password-attempts.js';

@Module({
  providers: [Limiters, MailBudget, OperationLimits, PasswordAttempts],
  exports: [Limiters, MailBudget, OperationLimits, PasswordAttempts],
})
export class ThrottleModule {}
