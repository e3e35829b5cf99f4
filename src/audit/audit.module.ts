import { Module } from '@nestjs/common';
import { AuditLedger } from './audit-ledger.js';
import { AuditList } from './audit-list.service.js';
import { AuditLog } from './audit-log.js';
import { AuditPurge } from './audit-purge.js';
import { AuditSealing } from './audit-sealing.js';
import { AuditService } from './audit.service.js';

@Module({
  providers: [AuditLog, AuditService, AuditList, AuditLedger, AuditSealing, AuditPurge],
  exports: [AuditService, AuditList, AuditLedger],
})
export class AuditModule {}
