import { Module } from '@nestjs/common';
import { Limiters } from './limiter.js';
import { OperationLimits } from './operation-limits.js';
import { PasswordAttempts } from './password-attempts.js';

@Module({
  providers: [Limiters, OperationLimits, PasswordAttempts],
  exports: [Limiters, OperationLimits, PasswordAttempts],
})
export class ThrottleModule {}
