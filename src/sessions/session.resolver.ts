import { ID, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Permissions } from '../access/access.decorators.js';
import { CurrentPrincipal } from '../access/current-principal.decorator.js';
import type { Principal } from '../access/principal.js';
import { RolesService } from '../roles/roles.service.js';
import { deviceOf } from './device.js';
import type { Session } from './session.entity.js';
import { SessionModel } from './session.model.js';

const OF_IMPERSONATORS =
  'Of a session in which an administrator acts as the user: null, unless you are the one who acts or may read users.';

/** The fields of a session that are worked out, not stored. */
@Resolver(() => SessionModel)
export class SessionResolver {
  /** A document can ask for it many times, and reading a User-Agent takes time. */
  private readonly devices = new WeakMap<Session, string | null>();

  constructor(private readonly roles: RolesService) {}

  @ResolveField(() => String, { nullable: true, description: `The address that signed in. ${OF_IMPERSONATORS}` })
  async ipAddress(@Parent() session: Session, @CurrentPrincipal() principal: Principal): Promise<string | null> {
    return (await this.maySeeDevice(session, principal)) ? (session.ipAddress ?? null) : null;
  }

  @ResolveField(() => String, {
    nullable: true,
    description: `The User-Agent header that signed in, as it was sent. ${OF_IMPERSONATORS}`,
  })
  async userAgent(@Parent() session: Session, @CurrentPrincipal() principal: Principal): Promise<string | null> {
    return (await this.maySeeDevice(session, principal)) ? (session.userAgent ?? null) : null;
  }

  @ResolveField(() => String, {
    nullable: true,
    description: `Browser and system, such as "Chrome on Windows". ${OF_IMPERSONATORS}`,
  })
  async device(@Parent() session: Session, @CurrentPrincipal() principal: Principal): Promise<string | null> {
    return (await this.maySeeDevice(session, principal)) ? this.deviceOf(session) : null;
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

  /** The device of whoever acts as a user is none of the user's. */
  private async maySeeDevice({ impersonatorId }: Session, principal: Principal): Promise<boolean> {
    if (!impersonatorId || impersonatorId === principal.impersonatorId) return true;
    return this.roles.holds(principal, ['users:read']);
  }

  private deviceOf(session: Session): string | null {
    let device = this.devices.get(session);
    if (device === undefined) {
      device = deviceOf(session.userAgent ?? null);
      this.devices.set(session, device);
    }
    return device;
  }
}
