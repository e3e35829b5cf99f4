import { Module } from '@nestjs/common';
import { Limiters } from './limiter.js';
import { MailBudget } from './mail-budget.js';
import { Networks } from './networks.js';
import { OperationLimits } from './operation-limits.js';
import { PasswordAttempts } from './password-attempts.js';

@Module({
  providers: [Limiters, MailBudget, Networks, OperationLimits, PasswordAttempts],
  exports: [Limiters, MailBudget, Networks, OperationLimits, PasswordAttempts],
})
export class ThrottleModule {}
