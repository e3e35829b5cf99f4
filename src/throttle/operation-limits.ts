import { Injectable } from '@nestjs/common';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import { createLimiter, spend } from './limiter.js';
import { type Budget, OPERATION_BUDGETS, OTHER_MUTATIONS } from './limits.js';
import { tooManyRequests } from './throttle.errors.js';

/** Who is counted. A budget for users falls back to the address of somebody who is not signed in. */
export interface Counted {
  readonly address: string;
  readonly user: string | undefined;
}

/** The counters behind `OPERATION_BUDGETS`. */
@Injectable()
export class OperationLimits {
  private readonly limiters = new Map<Budget, RateLimiterAbstract>();

  /** Counts one execution. @throws AppError `TOO_MANY_REQUESTS` when the budget is used up */
  async spend(mutation: string, counted: Counted): Promise<void> {
    const isListed = Object.hasOwn(OPERATION_BUDGETS, mutation);
    const name = isListed ? mutation : 'mutations';
    const budget = OPERATION_BUDGETS[name] ?? OTHER_MUTATIONS;
    if (budget === 'unlimited') return;
    const key = (budget.per === 'user' ? counted.user : undefined) ?? counted.address;
    const wait = await spend(this.limiterOf(name, budget), key);
    if (wait !== undefined) throw tooManyRequests(name, wait);
  }

  private limiterOf(name: string, budget: Budget): RateLimiterAbstract {
    let limiter = this.limiters.get(budget);
    if (!limiter) {
      limiter = createLimiter(name, budget);
      this.limiters.set(budget, limiter);
    }
    return limiter;
  }
}
