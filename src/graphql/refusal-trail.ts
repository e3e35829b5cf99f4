import { EntityManager } from '@mikro-orm/core';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Request } from 'express';
import { actorOf } from '../access/principal.js';
import { clientOf } from '../access/request.js';
import type { AuditEventType } from '../audit/audit-events.js';
import { type AuditFacts, AuditService } from '../audit/audit.service.js';
import type { AppError } from '../common/app-error.js';
import { ErrorCode, ErrorReason } from '../common/error-codes.js';
import { ENV, type Env } from '../config/env.js';
import { type Limiter, Limiters } from '../throttle/limiter.js';
import { AUDITED_REFUSALS } from '../throttle/limits.js';
import { Networks } from '../throttle/networks.js';

/**
 * Decisions about who a caller is and what a caller may do. `INVALID_CREDENTIALS` is not here: what refuses a password records that itself, with
 * the account (`auth/login.service.ts`, `lifecycle/reauthentication.ts`, `lifecycle/confirming.ts`).
 */
const DECISIONS: ReadonlySet<ErrorCode> = new Set([
  ErrorCode.UNAUTHENTICATED,
  ErrorCode.FORBIDDEN,
  // Another's row and no row are one answer.
  ErrorCode.NOT_FOUND,
  ErrorCode.EMAIL_TAKEN,
  ErrorCode.TOO_MANY_REQUESTS,
]);

/**
 * Records what the server refused (ASVS 16.3.2, 16.3.3), at the one place where every refusal comes by. All of them are in
 * the log; of each address so many an hour are in the table, so that nobody can fill it from outside.
 */
@Injectable()
export class RefusalTrail {
  private readonly logger = new Logger(RefusalTrail.name);
  private readonly stored: Limiter;

  constructor(
    private readonly em: EntityManager,
    private readonly audit: AuditService,
    limiters: Limiters,
    private readonly networks: Networks,
    @Inject(ENV) private readonly env: Pick<Env, 'RATE_LIMITS_ENABLED'>,
  ) {
    this.stored = limiters.create('audited-refusals', AUDITED_REFUSALS);
  }

  /** @param field the name of the field or route that was refused, as the schema or the code has it */
  async refused(error: AppError, field: string, request: Request): Promise<void> {
    // Of what is wrong with an input the token of a link alone says who somebody is.
    if (!DECISIONS.has(error.code) && error.reason !== ErrorReason.ONE_TIME_TOKEN_INVALID) return;
    const { code, reason, subject = request.user } = error;
    const actor = request.user ?? subject;
    const facts = {
      ...(subject && actor && { actorId: actorOf(actor), subjectId: subject.userId, sessionId: subject.sessionId }),
      details: { code, ...(reason && { reason }), field },
    };
    await this.store('access.refused', facts, request);
  }

  async documentRefused(limit: string, request: Request): Promise<void> {
    await this.store('document.refused', { details: { limit } }, request);
  }

  private async store(type: AuditEventType, facts: AuditFacts, request: Request): Promise<void> {
    const client = clientOf(request);
    const event = { ...facts, client };
    if (await this.isFull(this.networks.keyOf(client.ipAddress))) {
      this.audit.logOnly(type, event);
      return;
    }
    const em = this.em.fork();
    this.audit.record(em, type, event);
    try {
      await em.flush();
    } catch (error) {
      // The refusal stands, and is answered, whatever becomes of its record.
      this.audit.logOnly(type, event);
      this.logger.warn({ err: error }, 'A refusal could not be stored');
    }
  }

  private async isFull(network: string): Promise<boolean> {
    return this.env.RATE_LIMITS_ENABLED && (await this.stored.spend(network)).wait !== undefined;
  }
}
