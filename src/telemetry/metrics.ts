import { Inject, Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { ENV, type Env } from '../config/env.js';

/** Around what an answer may take: from a session check to a password hash in a queue. */
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Observed = (read: () => number) => void;

/**
 * Every figure of the server, in one list (docs/operations/metrics.md). Whoever decides something counts it here. Labels
 * are names of our own, never a value of a client: their number is bounded.
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();

  readonly operations = this.counter('operations_total', 'Root fields answered.', ['operation', 'result', 'code']);
  readonly requestSeconds = new Histogram({
    name: 'latchkey_request_seconds',
    help: 'Time from the request to the answer of GraphQL.',
    buckets: REQUEST_SECONDS,
    registers: [this.registry],
  });

  readonly hashesRunning = this.observed('password_hashes_running', 'Passwords that are being hashed.');
  readonly hashesWaiting = this.observed('password_hashes_waiting', 'Passwords that wait for their turn.');
  readonly hashesRefused = this.counter('password_hashes_refused_total', 'Passwords turned away by a full queue.');

  readonly limitRefusals = this.counter(
    'limit_refusals_total',
    'Attempts beyond a rate limit, and connections beyond their bound.',
    ['limit'],
  );
  readonly sessionsStarted = this.counter('sessions_started_total', 'Sessions that began.');
  readonly sessionsRevoked = this.counter('sessions_revoked_total', 'Sessions ended before their time.', ['reason']);
  readonly refreshes = this.counter('refreshes_total', 'Refresh tokens presented.', ['outcome']);

  readonly revocationChecks = this.counter('revocation_checks_total', 'Access tokens let in or refused.', ['source']);
  readonly redisFallbacks = this.counter('redis_fallbacks_total', 'What was done without Redis.', ['use']);
  readonly redisUp = this.observed('redis_up', '1 while Redis answers. Absent without REDIS_URL.');

  readonly verifications = this.counter('key_verifications_total', 'Access tokens by their key.', ['kid']);
  readonly keyLastSeen = this.gauge('key_last_seen_timestamp_seconds', 'When a token of the key was seen.', ['kid']);

  readonly mails = this.counter('mails_total', 'Mails of the outbox.', ['template', 'result']);

  readonly auditFaults = this.counter('audit_faults_total', 'What a job of the audit trail refused.', ['what']);

  readonly jobRuns = this.counter('job_runs_total', 'Runs of a job on this instance.', ['job_name', 'result']);
  readonly jobRows = this.counter('job_rows_total', 'Rows that a job removed or changed.', ['job_name']);
  readonly jobOverdue = this.gauge('job_overdue', '1 while a job has not been done for long.', ['job_name']);

  constructor(@Inject(ENV) env: Pick<Env, 'METRICS_ENABLED'>) {
    // Of the process: memory, CPU, event-loop lag, garbage collection.
    if (env.METRICS_ENABLED) collectDefaultMetrics({ register: this.registry });
  }

  private counter<L extends string>(name: string, help: string, labelNames: L[] = []): Counter<L> {
    return new Counter({ name: `latchkey_${name}`, help, labelNames, registers: [this.registry] });
  }

  /** A figure that is read when it is scraped, and absent until somebody says from where. */
  private observed(name: string, help: string): Observed {
    return (read) => {
      const gauge: Gauge = this.gauge(name, help, [], () => gauge.set(read()));
    };
  }

  private gauge<L extends string>(name: string, help: string, labelNames: L[] = [], collect?: () => void): Gauge<L> {
    const options = { name: `latchkey_${name}`, help, labelNames, registers: [this.registry] };
    return new Gauge({ ...options, ...(collect && { collect }) });
  }
}
