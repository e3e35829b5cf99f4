import { Module } from '@nestjs/common';
import { OperationLimits } from './operation-limits.js';
import { PasswordAttempts } from './password-attempts.js';

@Module({ providers: [OperationLimits, PasswordAttempts], exports: [OperationLimits, PasswordAttempts] })
export class ThrottleModule {}
