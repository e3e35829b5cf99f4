import { Injectable } from '@nestjs/common';
import { type Limiter, Limiters } from './limiter.js';
import { type Budget, limitOf, OPERATION_LIMITS, OTHER_MUTATIONS } from './limits.js';
import { tooManyRequests } from './throttle.errors.js';

/** Who is counted. A budget for users falls back to the address of somebody who is not signed in. */
export interface Counted {
  readonly address: string;
  readonly user: string | undefined;
}

interface Counter {
  readonly name: string;
  readonly per: Budget['per'];
  readonly limiter: Limiter;
}

/** The counters behind `OPERATION_LIMITS`. */
@Injectable()
export class OperationLimits {
  private readonly counters: ReadonlyMap<string, readonly Counter[]>;
  private readonly others: readonly Counter[];

  constructor(limiters: Limiters) {
    const countersOf = (mutation: string, budgets: readonly Budget[]) =>
      budgets.map((budget, index) => {
        const name = index === 0 ? mutation : `${mutation}:${budget.per}`;
        return { name, per: budget.per, limiter: limiters.create(name, budget) };
      });
    this.counters = new Map(
      Object.entries(OPERATION_LIMITS).map(([mutation, { budgets }]) => [mutation, countersOf(mutation, budgets)]),
    );
    this.others = countersOf('mutations', [OTHER_MUTATIONS]);
  }

  /** Counts one execution. @throws AppError `TOO_MANY_REQUESTS` when a budget is used up */
  async spend(mutation: string, counted: Counted): Promise<void> {
    const counters = limitOf(mutation) ? this.counters.get(mutation) : this.others;
    for (const { name, per, limiter } of counters ?? []) {
      const wait = await limiter.spend(keyOf(per, counted));
      if (wait !== undefined) throw tooManyRequests(name, wait);
    }
  }
}

function keyOf(per: Budget['per'], { address, user }: Counted): string {
  return (per === 'user' ? user : undefined) ?? address;
}
