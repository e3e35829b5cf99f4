import { Module } from '@nestjs/common';
import { HashingQueue } from './hashing-queue.js';
import { PasswordsService } from './passwords.service.js';

@Module({
  providers: [{ provide: HashingQueue, useFactory: () => new HashingQueue() }, PasswordsService],
  exports: [PasswordsService],
})
export class PasswordsModule {}
