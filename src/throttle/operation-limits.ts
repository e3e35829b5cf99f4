import { Injectable } from '@nestjs/common';
import { type Limiter, Limiters } from './limiter.js';
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
  private readonly counters = new Map<Budget, Limiter>();

  constructor(private readonly limiters: Limiters) {}

  /** Counts one execution. @throws AppError `TOO_MANY_REQUESTS` when the budget is used up */
  async spend(mutation: string, counted: Counted): Promise<void> {
    const isListed = Object.hasOwn(OPERATION_BUDGETS, mutation);
    const name = isListed ? mutation : 'mutations';
    const budget = OPERATION_BUDGETS[name] ?? OTHER_MUTATIONS;
    if (budget === 'unlimited') return;
    const key = (budget.per === 'user' ? counted.user : undefined) ?? counted.address;
    const wait = await this.counterOf(name, budget).spend(key);
    if (wait !== undefined) throw tooManyRequests(name, wait);
  }

  private counterOf(name: string, budget: Budget): Limiter {
    const counter = this.counters.get(budget) ?? this.limiters.create(name, budget);
    this.counters.set(budget, counter);
    return counter;
  }
}
