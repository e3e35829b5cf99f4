import { Injectable } from '@nestjs/common';
import type { ClientInfo } from '../common/client-info.js';
import { RotationService } from '../sessions/rotation.service.js';
import { refreshRefused } from '../sessions/session.errors.js';
import { Metrics } from '../telemetry/metrics.js';
import type { SignedIn } from './signed-in.js';
import { TokenIssuer } from './token-issuer.js';

/** Exchanges a refresh token for a new pair. Roles are read afresh, so a changed role arrives here. */
@Injectable()
export class RefreshService {
  constructor(
    private readonly rotation: RotationService,
    private readonly issuer: TokenIssuer,
    private readonly metrics: Metrics,
  ) {}

  /** Throws `UNAUTHENTICATED` with the reason; what a reuse revoked is committed by then. */
  async refresh(token: string, client: ClientInfo): Promise<SignedIn> {
    const rotation = await this.rotation.rotate(token, client);
    this.metrics.refreshes.inc({ outcome: rotation.kind === 'refused' ? rotation.refusal : rotation.kind });
    if (rotation.kind === 'refused') throw refreshRefused(rotation.refusal, rotation.subject);
    return this.issuer.issue(rotation, rotation.refreshToken);
  }
}
