import { currentRequest } from './request-id.js';

/**
 * State that lives exactly as long as one request: the returned function gives each request its own value, made on
 * first use. The key is held weakly, so nothing outlives the request and nothing is shared between two callers.
 */
export function perRequest<T, R extends object = object>(create: (request: R) => T): (request: R) => T {
  const values = new WeakMap<R, T>();
  return (request) => {
    let value = values.get(request);
    if (value === undefined) {
      value = create(request);
      values.set(request, value);
    }
    return value;
  };
}

/** The same for the request that is being answered. Outside of one, each call has a value of its own. */
export function perCurrentRequest<T>(create: () => T): () => T {
  const valueOf = perRequest(create);
  return () => valueOf(currentRequest() ?? {});
}
