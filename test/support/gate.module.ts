import { type CallHandler, type ExecutionContext, Global, Module, type NestInterceptor } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { GqlExecutionContext } from '@nestjs/graphql';
import type { GraphQLResolveInfo } from 'graphql';
import type { Observable } from 'rxjs';
import { requestOf } from '../../src/access/request.js';
import type { TestServer } from './test-server.js';

interface Awaited {
  readonly token: string;
  readonly fields: Set<string>;
  readonly arrived: PromiseWithResolvers<undefined>;
  readonly opened: PromiseWithResolvers<undefined>;
}

/** Holds requests that the guards have let in, and whose methods have not begun. */
export class Gate implements NestInterceptor {
  #awaited: Awaited | undefined;

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const awaited = this.#awaited;
    if (awaited && requestOf(context).headers.authorization === `Bearer ${awaited.token}`) {
      if (awaited.fields.delete(fieldOf(context) ?? '')) {
        if (awaited.fields.size === 0) awaited.arrived.resolve(undefined);
        await awaited.opened.promise;
      }
    }
    return next.handle();
  }

  /**
   * Does something while requests of this token stand between the guards and their methods.
   *
   * @param requests by the response name of the root field at which each is held
   */
  async during<T>(
    token: string,
    requests: Readonly<Record<string, () => Promise<T>>>,
    meanwhile: () => Promise<unknown>,
  ): Promise<Record<string, T>> {
    const awaited = {
      token,
      fields: new Set(Object.keys(requests)),
      arrived: Promise.withResolvers<undefined>(),
      opened: Promise.withResolvers<undefined>(),
    };
    this.#awaited = awaited;
    const answers = Object.entries(requests).map(async ([field, request]) => [field, await request()] as const);
    try {
      const early = Promise.race(answers).then(([field]) => Promise.reject(new Error(`${field} has not waited`)));
      await Promise.race([awaited.arrived.promise, early]);
      await meanwhile();
    } finally {
      this.#awaited = undefined;
      awaited.opened.resolve(undefined);
    }
    return Object.fromEntries(await Promise.all(answers));
  }
}

/** The response name of a root field. */
function fieldOf(context: ExecutionContext): string | undefined {
  if (context.getType<'graphql' | 'http'>() !== 'graphql') return undefined;
  const { path } = GqlExecutionContext.create(context).getInfo<GraphQLResolveInfo>();
  return path.prev ? undefined : String(path.key);
}

@Global()
@Module({ providers: [Gate, { provide: APP_INTERCEPTOR, useExisting: Gate }], exports: [Gate] })
export class GateModule {}

export const gateOf = (server: TestServer): Gate => server.app.get(Gate);
