import { type EntityManager, type MikroORM, RequestContext } from '@mikro-orm/core';
import { perRequest } from '../common/per-request.js';
import { currentRequest } from '../common/request-id.js';

/** Gives each request an entity manager of its own, once it uses one: no identity map is ever shared. */
export function forkForEachRequest(orm: MikroORM): void {
  // The ORM asks for the context while it makes one, too.
  let isForking = false;
  const forkOf = perRequest((): EntityManager => {
    isForking = true;
    try {
      return orm.em.fork({ useContext: true, disableContextResolution: true });
    } finally {
      isForking = false;
    }
  });
  orm.config.set('context', (name) => {
    const request = isForking ? undefined : currentRequest();
    return RequestContext.getEntityManager(name) ?? (request && forkOf(request));
  });
}
