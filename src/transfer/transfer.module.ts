import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { UsersModule } from '../users/users.module.js';
import { UserExport } from './user-export.service.js';
import { UserImport } from './user-import.service.js';

/** Accounts that come from another server, or go to one (docs/administration.md). */
@Module({
  imports: [AuditModule, UsersModule],
  providers: [UserImport, UserExport],
  exports: [UserImport, UserExport],
})
export class TransferModule {}
