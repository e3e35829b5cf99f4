import { Module } from '@nestjs/common';
import { AuditLog } from './audit-log.js';
import { AuditPurge } from './audit-purge.js';
import { AuditService } from './audit.service.js';

@Module({ providers: [AuditLog, AuditPurge, AuditService], exports: [AuditService] })
export class AuditModule {}
