import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { KeyRotation } from './key-rotation.js';
import { KeyStore } from './key-store.js';
import { KeyUsage } from './key-usage.js';
import { KeysService } from './keys.service.js';
import { WellKnownController } from './well-known.controller.js';

@Module({
  imports: [AuditModule],
  controllers: [WellKnownController],
  providers: [KeyStore, KeyUsage, KeysService, KeyRotation],
  exports: [KeysService, KeyRotation],
})
export class KeysModule {}
