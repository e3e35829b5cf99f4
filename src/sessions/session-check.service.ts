import { Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { Principal } from '../access/principal.js';
import { Clock } from '../common/clock.js';
import { DirectSql } from '../database/direct-sql.js';
import type { EntityColumns } from '../database/entity-columns.js';
import { Metrics } from '../telemetry/metrics.js';
import type { AccessTokenClaims } from '../tokens/access-token.claims.js';
import { tokenRevoked, tokenStale } from '../tokens/token.errors.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { HeldRoles } from '../roles/held-roles.js';
import { User, type UserRecord } from '../users/user.entity.js';
import { UsersService } from '../users/users.service.js';
import { Impersonations } from './impersonations.service.js';
import { accountDisabled, sessionExpired } from './session.errors.js';

/** What the check needs of a session, as the driver reads it. */
interface SessionRow {
  readonly revoked_at: unknown;
  readonly expires_at: string | number;
}

/**
 * Revocation, at once and everywhere: every request that presents an access token asks whether its session and user
 * still stand. The truth is one read by primary key; the list in Redis spares it when it is certain that nothing happened.
 */
@Injectable()
export class SessionCheck {
  private readonly userColumns: EntityColumns<UserRecord>;

  constructor(
    private readonly sql: DirectSql,
    private readonly users: UsersService,
    private readonly heldRoles: HeldRoles,
    private readonly impersonations: Impersonations,
    private readonly revocations: RevocationList,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {
    this.userColumns = sql.columnsOf<UserRecord>(User, 'u');
  }

  /** The caller behind verified claims. Throws `UNAUTHENTICATED` with the reason when there is none any more. */
  async principalOf(claims: AccessTokenClaims): Promise<Principal> {
    // The list says nothing about the rights of the administrator who acts as the user.
    const isVouchedFor = !claims.act && (await this.revocations.vouchesFor(claims));
    this.metrics.revocationChecks.inc({ source: isVouchedFor ? 'list' : 'database' });
    if (!isVouchedFor) await this.assertStanding(claims);
    const principal = principalIn(claims);
    await this.impersonations.assertAllowed(principal);
    this.heldRoles.remember({ id: claims.sub, version: claims.ver }, claims.roles);
    return principal;
  }

  /** True while the session is alive. A look before a change: `SessionsService.revoke` is what counts. */
  async isAlive(userId: string, sessionId: string): Promise<boolean> {
    const [alive] = await this.sql.rows(
      sql`select 1 from sessions where id = ${sessionId} and user_id = ${userId}
          and revoked_at is null and expires_at > ${this.sql.fromDate(this.clock.now())}`,
    );
    return alive !== undefined;
  }

  private async assertStanding(claims: AccessTokenClaims): Promise<void> {
    const [row] = await this.sql.rows(
      sql<SessionRow>`select s.revoked_at, s.expires_at, ${this.userColumns.list}
        from sessions s join users u on u.id = s.user_id where s.id = ${claims.sid} and s.user_id = ${claims.sub}`,
    );
    const subject = {
      userId: claims.sub,
      sessionId: claims.sid,
      ...(claims.act && { impersonatorId: claims.act.sub }),
    };
    if (!row || row.revoked_at !== null) throw tokenRevoked(subject);
    if (this.clock.now() >= this.sql.toDate(row.expires_at)) throw sessionExpired(subject);
    const user = this.userColumns.valuesOf(row);
    if (user.disabledAt) throw accountDisabled(subject);
    if (user.version !== claims.ver) throw tokenStale(subject);
    this.users.remember(user);
  }
}

const principalIn = (claims: AccessTokenClaims): Principal =>
  Object.freeze({
    userId: claims.sub,
    sessionId: claims.sid,
    roles: claims.roles,
    version: claims.ver,
    authTime: new Date(claims.auth_time * 1000),
    amr: claims.amr,
    ...(claims.act && { impersonatorId: claims.act.sub }),
  });
