import type { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';
import { Session } from './session.entity.js';

const BATCH = 1_000;

/**
 * Deletes sessions that ended long ago. Until then the row says why a token is refused; afterwards its tokens are of a
 * session that does not exist, which is refused as well.
 */
@Injectable()
export class SessionPurge implements Job, OnModuleInit {
  readonly name = 'purge-sessions';
  readonly everySeconds = 3_600;

  constructor(
    private readonly jobs: JobRunner,
    @Inject(ENV) private readonly env: Pick<Env, 'SESSION_RETENTION'>,
  ) {}

  onModuleInit(): void {
    this.jobs.add(this);
  }

  async run(em: EntityManager, now: Date): Promise<{ rows: number; hasMore: boolean }> {
    const before = { $lt: new Date(now.getTime() - this.env.SESSION_RETENTION * 1000) };
    const revoked = await em.find(Session, { revokedAt: before }, { fields: ['id'], limit: BATCH });
    const ended =
      revoked.length === BATCH ? [] : await em.find(Session, { expiresAt: before }, { fields: ['id'], limit: BATCH });
    const ids = [...new Set([...revoked, ...ended].map(({ id }) => id))];
    const rows = ids.length === 0 ? 0 : await em.nativeDelete(Session, { id: { $in: ids } });
    return { rows, hasMore: rows >= BATCH };
  }
}
