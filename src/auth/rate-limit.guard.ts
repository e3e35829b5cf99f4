import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { actorOf, type Principal } from '../access/principal.js';
import { clientOf, requestOf } from '../access/request.js';
import { principalOf } from '../access/request-principal.js';
import { networksOf } from '../common/network.js';
import { ENV, type Env } from '../config/env.js';
import { HashingQueue } from '../passwords/hashing-queue.js';
import { limitOf } from '../throttle/limits.js';
import { Networks } from '../throttle/networks.js';
import { type CountedCaller, OperationLimits } from '../throttle/operation-limits.js';
import { type ProofArguments, RequestProof } from './request-proof.js';

/**
 * Counts each execution of a mutation's resolver, so that aliases, fragments and operation names make no difference.
 * Runs after the guards that say who calls, and before input is validated. Who shows that they are no stranger is served first.
 */
@Injectable()
export class RateLimitGuard implements CanActivate {
  constructor(
    private readonly limits: OperationLimits,
    private readonly proofs: RequestProof,
    private readonly networks: Networks,
    private readonly hashing: HashingQueue,
    @Inject(ENV) private readonly env: Pick<Env, 'RATE_LIMITS_ENABLED'>,
  ) {}

  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const mutation = this.env.RATE_LIMITS_ENABLED ? mutationOf(context) : undefined;
    return mutation === undefined || this.spend(context, mutation);
  }

  private async spend(context: ExecutionContext, mutation: string): Promise<boolean> {
    const request = requestOf(context);
    const principal = principalOf(context);
    const { ipAddress } = clientOf(request);
    const address = this.networks.keyOf(ipAddress);
    const kind = limitOf(mutation)?.proof?.of;
    const given = GqlExecutionContext.create(context).getArgs<ProofArguments>();
    const proof = kind && (await this.proofs.find(kind, request, given));
    await this.limits.spend(mutation, { address, proof, caller: principal && callerOf(principal) });
    const known = principal ? actorOf(principal) : proof;
    const origins = [...networksOf(ipAddress).toReversed(), ...(known === undefined ? [] : [known])];
    this.hashing.callerIs({ origins, isKnown: known !== undefined });
    return true;
  }
}

/** The name of the mutation that is about to run, undefined for everything else. */
function mutationOf(context: ExecutionContext): string | undefined {
  if (context.getType<'graphql' | 'http'>() !== 'graphql') return undefined;
  const { parentType, schema, fieldName } = GqlExecutionContext.create(context).getInfo<GraphQLResolveInfo>();
  return parentType === schema.getMutationType() ? fieldName : undefined;
}

/** Who acts as other users is counted once for all of them: each would otherwise be a budget more. */
function callerOf(principal: Principal): CountedCaller {
  const actor = actorOf(principal);
  return { actor, session: principal.impersonatorId === undefined ? principal.sessionId : `actor:${actor}` };
}
