import { Args, Query, Resolver } from '@nestjs/graphql';
import { Authenticated, Permissions } from '../access/access.decorators.js';
import { CurrentPrincipal } from '../access/current-principal.decorator.js';
import type { Principal } from '../access/principal.js';
import { AuditEventConnection } from '../audit/audit-event.model.js';
import { AuditListArgs } from '../audit/audit-list.args.js';
import { AuditList } from '../audit/audit-list.service.js';
import { ForwardPageArgs } from '../paging/page-request.js';

/** The audit trail: all of it for those who watch, and to each user what is about them (ASVS 16.4.2). */
@Resolver()
export class AuditEventsResolver {
  constructor(private readonly events: AuditList) {}

  @Query(() => AuditEventConnection, { description: 'What happened on this server, the newest first.' })
  @Permissions('audit:read')
  auditEvents(@Args() args: AuditListArgs): Promise<AuditEventConnection> {
    return this.events.page(args);
  }

  @Query(() => AuditEventConnection, {
    description:
      'What happened to the own account, the newest first. Addresses and devices are those of sessions of the account alone: not of others, and not of clients that were not signed in.',
  })
  @Authenticated()
  myAuditEvents(
    @Args() page: ForwardPageArgs,
    @CurrentPrincipal() principal: Principal,
  ): Promise<AuditEventConnection> {
    return this.events.pageAbout(principal.userId, page);
  }
}
