import { Module } from '@nestjs/common';
import { IdeController } from './ide.controller.js';

/** The playground at `/ide`. The application imports it only where `IDE` is on. */
@Module({ controllers: [IdeController] })
export class IdeModule {}
