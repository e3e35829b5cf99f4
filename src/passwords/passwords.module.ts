import { Module } from '@nestjs/common';
import { Metrics } from '../telemetry/metrics.js';
import { HASHING_BOUNDS, HashingQueue } from './hashing-queue.js';
import { PasswordsService } from './passwords.service.js';

function createQueue(metrics: Metrics): HashingQueue {
  const queue = new HashingQueue(HASHING_BOUNDS, () => metrics.hashesRefused.inc());
  metrics.hashesRunning(() => queue.running);
  metrics.hashesWaiting(() => queue.waiting);
  return queue;
}

@Module({
  providers: [{ provide: HashingQueue, inject: [Metrics], useFactory: createQueue }, PasswordsService],
  exports: [HashingQueue, PasswordsService],
})
export class PasswordsModule {}
