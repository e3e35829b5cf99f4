import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { CurrentPrincipal } from '../access/current-principal.decorator.js';
import type { Principal } from '../access/principal.js';
import { deviceOf } from './device.js';
import type { Session } from './session.entity.js';
import { SessionModel } from './session.model.js';

/** The fields of a session that are worked out, not stored. */
@Resolver(() => SessionModel)
export class SessionResolver {
  @ResolveField(() => String, { nullable: true, description: 'Browser and system, such as "Chrome on Windows".' })
  device(@Parent() session: Session): string | null {
    return deviceOf(session.userAgent ?? null);
  }

  @ResolveField(() => Boolean, { description: 'True for the session that makes this request.' })
  current(@Parent() session: Session, @CurrentPrincipal() principal: Principal): boolean {
    return session.id === principal.sessionId;
  }
}
