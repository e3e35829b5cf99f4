import type { EntityManager } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { writeDomainsInAscii } from '../database/migrations/ascii-domains.js';
import { type Job, JobRunner } from '../jobs/job-runner.js';

/**
 * Does again what the migration of addresses did: an instance of the version before, which goes on for a while during an update,
 * writes addresses whose domains are not in ASCII, and this version looks for none of those.
 */
@Injectable()
export class AsciiAddresses implements Job, OnModuleInit {
  readonly name = 'ascii-addresses';
  readonly everySeconds = 3_600;

  constructor(private readonly jobs: JobRunner) {}

  onModuleInit(): void {
    this.jobs.add(this);
  }

  async run(em: EntityManager): Promise<{ rows: number; hasMore: boolean }> {
    // The ORM's own type does not know of SQL; both engines have this one.
    const transaction = em as SqlEntityManager;
    const rows = await writeDomainsInAscii((sql, params) => transaction.execute(sql, params));
    return { rows, hasMore: false };
  }
}
