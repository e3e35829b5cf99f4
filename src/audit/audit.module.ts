import { Module } from '@nestjs/common';
import { AuditLog } from './audit-log.js';
import { AuditService } from './audit.service.js';

@Module({ providers: [AuditLog, AuditService], exports: [AuditService] })
export class AuditModule {}
