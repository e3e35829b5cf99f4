import { Module } from '@nestjs/common';
import { RevocationHeartbeat } from './revocation-heartbeat.js';
import { RevocationList } from './revocation-list.js';

@Module({ providers: [RevocationHeartbeat, RevocationList], exports: [RevocationList] })
export class RevocationModule {}
