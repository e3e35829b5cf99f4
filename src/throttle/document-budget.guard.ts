import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { actorOf } from '../access/principal.js';
import { clientOf, requestOf } from '../access/request.js';
import { principalOf } from '../access/request-principal.js';
import { Clock } from '../common/clock.js';
import { perRequest } from '../common/per-request.js';
import { ENV, type Env } from '../config/env.js';
import { Metrics } from '../telemetry/metrics.js';
import { complexityOf } from './document-complexity.js';
import { DEAR_DOCUMENTS } from './limits.js';
import { Networks } from './networks.js';
import { OwnCounters } from './own-counters.js';
import { tooManyRequests } from './throttle.errors.js';

const LIMIT = 'documents';

/** More callers with dear documents at a time have nothing to fear from each other. */
const MAX_CALLERS = 10_000;

/**
 * Charges a document that is dear by its complexity to whoever sends it: the user, or the network address of somebody who is
 * not signed in. Runs after the guards that say who calls, at root fields, and in the memory of this process: other documents
 * pay nothing for it.
 */
@Injectable()
export class DocumentBudgetGuard implements CanActivate {
  private readonly counters: OwnCounters;
  /** A document is charged once for each caller that it has, and all of its fields share the answer: seconds to wait. */
  private readonly chargesOf = perRequest(() => new Map<string, number | undefined>());

  constructor(
    clock: Clock,
    private readonly metrics: Metrics,
    private readonly networks: Networks,
    @Inject(ENV) private readonly env: Pick<Env, 'RATE_LIMITS_ENABLED'>,
  ) {
    this.counters = new OwnCounters(clock, DEAR_DOCUMENTS.seconds, MAX_CALLERS);
  }

  /** @throws AppError `TOO_MANY_REQUESTS` */
  canActivate(context: ExecutionContext): boolean {
    if (!this.env.RATE_LIMITS_ENABLED || context.getType<'graphql' | 'http'>() !== 'graphql') return true;
    const { path, operation } = GqlExecutionContext.create(context).getInfo<GraphQLResolveInfo>();
    if (path.prev !== undefined) return true;
    const complexity = complexityOf(operation);
    if (complexity > DEAR_DOCUMENTS.from) this.charge(context, complexity);
    return true;
  }

  private charge(context: ExecutionContext, complexity: number): void {
    const request = requestOf(context);
    const principal = principalOf(context);
    const caller = principal ? actorOf(principal) : this.networks.keyOf(clientOf(request).ipAddress);
    const charges = this.chargesOf(request);
    if (!charges.has(caller)) charges.set(caller, this.spend(caller, complexity));
    const wait = charges.get(caller);
    if (wait !== undefined) throw tooManyRequests(LIMIT, wait);
  }

  /** @returns undefined when there was room, otherwise the seconds until there is. What is refused costs nothing. */
  private spend(caller: string, complexity: number): number | undefined {
    const { count, msLeft } = this.counters.add(caller, 0);
    if (count + complexity > DEAR_DOCUMENTS.complexity) {
      this.metrics.limitRefusals.inc({ limit: LIMIT });
      return Math.max(1, Math.ceil(msLeft / 1000));
    }
    this.counters.add(caller, complexity);
    return undefined;
  }
}
