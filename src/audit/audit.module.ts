import { Module } from '@nestjs/common';
import { Admission } from './admission.js';
import { AuditLedger } from './audit-ledger.js';
import { AuditList } from './audit-list.service.js';
import { AuditLog } from './audit-log.js';
import { AuditPurge } from './audit-purge.js';
import { AuditSealing } from './audit-sealing.js';
import { AuditService } from './audit.service.js';
import { EventMacs } from './event-macs.js';

@Module({
  providers: [EventMacs, AuditLog, AuditService, AuditList, AuditLedger, Admission, AuditSealing, AuditPurge],
  exports: [AuditService, AuditList, AuditLedger, Admission],
})
export class AuditModule {}
