import { Module } from '@nestjs/common';
import { KeysService } from './keys.service.js';
import { WellKnownController } from './well-known.controller.js';

@Module({ controllers: [WellKnownController], providers: [KeysService], exports: [KeysService] })
export class KeysModule {}
