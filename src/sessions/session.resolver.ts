import { ID, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Permissions } from '../access/access.decorators.js';
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

  @ResolveField(() => Boolean, { description: 'True while an administrator acts as the user in this session.' })
  impersonated(@Parent() session: Session): boolean {
    return typeof session.impersonatorId === 'string';
  }

  @ResolveField('impersonatedBy', () => ID, {
    nullable: true,
    description: 'The user who acts as the user in this session.',
  })
  @Permissions('users:read')
  impersonatorOf(@Parent() session: Session): string | null {
    return session.impersonatorId ?? null;
  }

  @ResolveField(() => Boolean, { description: 'True for the session that makes this request.' })
  current(@Parent() session: Session, @CurrentPrincipal() principal: Principal): boolean {
    return session.id === principal.sessionId;
  }
}
