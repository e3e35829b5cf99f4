import { EntityManager } from '@mikro-orm/core';
import { Admission } from '../../src/audit/admission.js';
import { AuditLedger } from '../../src/audit/audit-ledger.js';
import { AuditPurge } from '../../src/audit/audit-purge.js';
import { AuditSealing } from '../../src/audit/audit-sealing.js';
import { ENV } from '../../src/config/env.js';
import { DirectSql } from '../../src/database/direct-sql.js';
import { JobRunner } from '../../src/jobs/job-runner.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import type { TestServer } from './test-server.js';

/** The jobs of the trail in a process that has just started, or in another one: it has seen nothing of the chain yet. */
export function auditJobsOfAnotherProcess({ app, clock, env }: TestServer) {
  const jobs = app.get(JobRunner);
  const sql = app.get(DirectSql);
  const ledger = new AuditLedger(app.get(EntityManager), clock, app.get(Metrics), sql, app.get(ENV), true);
  return {
    ledger,
    sealing: new AuditSealing(jobs, ledger, app.get(Admission), sql),
    purge: new AuditPurge(jobs, ledger, env),
  };
}
