import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import { Clock } from '../common/clock.js';
import { Metrics } from '../telemetry/metrics.js';
import type { AccessTokenClaims } from '../tokens/access-token.claims.js';
import { tokenRevoked, tokenStale } from '../tokens/token.errors.js';
import { RevocationList } from '../revocation/revocation-list.js';
import { Session } from './session.entity.js';
import { accountDisabled, sessionExpired } from './session.errors.js';

/**
 * Revocation, at once and everywhere: every request that presents an access token asks whether its session and user
 * still stand. The truth is one read by primary key; the list in Redis spares it when it is certain that nothing happened.
 */
@Injectable()
export class SessionCheck {
  constructor(
    private readonly em: EntityManager,
    private readonly revocations: RevocationList,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /** The caller behind verified claims. Throws `UNAUTHENTICATED` with the reason when there is none any more. */
  async principalOf(claims: AccessTokenClaims): Promise<Principal> {
    const isVouchedFor = await this.revocations.vouchesFor(claims);
    this.metrics.revocationChecks.inc({ source: isVouchedFor ? 'list' : 'database' });
    if (!isVouchedFor) await this.assertStanding(claims);
    return Object.freeze({
      userId: claims.sub,
      sessionId: claims.sid,
      roles: claims.roles,
      authTime: new Date(claims.auth_time * 1000),
      amr: claims.amr,
      ...(claims.act && { impersonatorId: claims.act.sub }),
    });
  }

  private async assertStanding(claims: AccessTokenClaims): Promise<void> {
    const session = await this.em.findOne(
      Session,
      { id: claims.sid, user: claims.sub },
      { populate: ['user'], strategy: 'joined' },
    );
    const subject = { userId: claims.sub, sessionId: claims.sid };
    if (!session || session.revokedAt) throw tokenRevoked(subject);
    if (this.clock.now() >= session.expiresAt) throw sessionExpired(subject);
    if (session.user.$.disabledAt) throw accountDisabled(subject);
    if (session.user.$.version !== claims.ver) throw tokenStale(subject);
  }
}
