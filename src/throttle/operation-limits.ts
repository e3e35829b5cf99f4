import { Injectable } from '@nestjs/common';
import { type Limiter, Limiters } from './limiter.js';
import { type Budget, limitOf, OPERATION_LIMITS, type OperationLimit, OTHER_MUTATIONS } from './limits.js';
import { tooManyRequests } from './throttle.errors.js';

/** A signed-in caller. */
export interface CountedCaller {
  readonly session: string;
  /** The user, or who acts as them. */
  readonly actor: string;
}

/** Who is counted. A budget for callers falls back to the address of somebody who is not signed in. */
export interface Counted {
  readonly address: string;
  readonly caller: CountedCaller | undefined;
  /** Of something that the request presents and this server made. */
  readonly proof: string | undefined;
}

interface Counter {
  readonly name: string;
  readonly per: Budget['per'];
  readonly limiter: Limiter;
  readonly reserve: Limiter | undefined;
}

interface Counters {
  readonly proof: { readonly name: string; readonly limiter: Limiter; readonly isFinal: boolean } | undefined;
  readonly others: readonly Counter[];
}

/** The counters behind `OPERATION_LIMITS`. */
@Injectable()
export class OperationLimits {
  private readonly counters: ReadonlyMap<string, Counters>;
  private readonly others: Counters;

  constructor(private readonly limiters: Limiters) {
    this.counters = new Map(
      Object.entries(OPERATION_LIMITS).map(([mutation, limit]) => [mutation, this.countersOf(mutation, limit)]),
    );
    this.others = this.countersOf('mutations', { budgets: [OTHER_MUTATIONS] });
  }

  /** Counts one execution. @throws AppError `TOO_MANY_REQUESTS` when a budget is used up */
  async spend(mutation: string, counted: Counted): Promise<void> {
    const counters = limitOf(mutation) ? this.counters.get(mutation) : this.others;
    if (!counters) return;
    if (counters.proof && counted.proof !== undefined) {
      const { wait } = await counters.proof.limiter.spend(counted.proof);
      if (wait === undefined) return;
      if (counters.proof.isFinal) refuseAfter(counters.proof.name, wait);
    }
    for (const { name, per, limiter, reserve } of counters.others) {
      if (await hasReserve(reserve, counted)) continue;
      refuseAfter(name, (await limiter.spend(keyOf(per, counted))).wait);
    }
  }

  private countersOf(mutation: string, { budgets, proof }: OperationLimit): Counters {
    const others = budgets.map((budget, index) => {
      const name = index === 0 ? mutation : `${mutation}:${budget.per}`;
      const reserve = budget.reserve && this.limiters.create(`${name}:reserve`, budget.reserve);
      return { name, per: budget.per, limiter: this.limiters.create(name, budget), reserve };
    });
    const name = `${mutation}:${proof?.of ?? ''}`;
    const isFinal = proof?.isFinal === true;
    return { others, proof: proof && { name, limiter: this.limiters.create(name, proof), isFinal } };
  }
}

function refuseAfter(name: string, wait: number | undefined): void {
  if (wait !== undefined) throw tooManyRequests(name, wait);
}

/** Counts the execution in the caller's reserve, if there is one and something is left of it. */
async function hasReserve(reserve: Limiter | undefined, { caller }: Counted): Promise<boolean> {
  return reserve !== undefined && caller !== undefined && (await reserve.count(caller.session)).excess <= 0;
}

function keyOf(per: Budget['per'], { address, caller }: Counted): string {
  return per === 'address' ? address : (caller?.[per] ?? address);
}
