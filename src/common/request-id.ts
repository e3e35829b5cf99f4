import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';

interface RequestScope {
  readonly requestId: string;
}

const scopes = new AsyncLocalStorage<RequestScope>();

/** What a trusted proxy may hand down as X-Request-Id. Anything else could forge log lines. */
const ACCEPTABLE = /^[\w.:-]{8,64}$/;

/** Runs `handle` under the given request id, or under a new one when it is absent or not acceptable. */
export function withRequestId(given: string | undefined, handle: (requestId: string) => void): void {
  const requestId = given && ACCEPTABLE.test(given) ? given : randomUUID();
  scopes.run({ requestId }, () => handle(requestId));
}

/** The id under which the current request is logged and its errors are answered. Undefined outside a request. */
export const currentRequestId = (): string | undefined => scopes.getStore()?.requestId;

/** Stands for the current request, as a key of `perRequest`. Undefined outside a request. */
export const currentRequest = (): object | undefined => scopes.getStore();
