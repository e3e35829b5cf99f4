import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { clientOf } from '../access/request.js';
import { RotationService } from '../sessions/rotation.service.js';
import { AccountDigests } from '../throttle/account-digests.js';
import type { ProofKind } from '../throttle/limits.js';
import { Networks } from '../throttle/networks.js';
import { OneTimeTokens } from '../tokens/one-time-tokens.service.js';
import { isEmailAddress, normalizeEmail } from '../users/email.js';
import { KnownDevices } from './known-devices.js';
import { RequestCredentials } from './request-credentials.js';

/** Where the arguments of our public mutations hold what a proof is found by. Not validated yet. */
export interface ProofArguments {
  readonly email?: string;
  readonly token?: string;
  readonly input?: { readonly email?: string; readonly token?: string; readonly refreshToken?: string | null } | null;
}

/**
 * Finds what a public mutation presents that this server made: such a request is counted by that, and not by an address
 * which it may share with strangers. What is malformed costs nothing, what is well-formed one read by an index.
 */
@Injectable()
export class RequestProof {
  constructor(
    private readonly credentials: RequestCredentials,
    private readonly devices: KnownDevices,
    private readonly rotation: RotationService,
    private readonly links: OneTimeTokens,
    private readonly networks: Networks,
    private readonly digests: AccountDigests,
  ) {}

  /** @returns the key that it is counted under, undefined without a proof */
  find(kind: ProofKind, request: Request, { email, token, input }: ProofArguments): Promise<string | undefined> {
    switch (kind) {
      case 'device':
        return this.device(request, email ?? input?.email ?? '', input?.refreshToken);
      case 'session':
        return this.session(request, input?.refreshToken);
      case 'link':
        return this.links.hashOfUsable(token ?? input?.token ?? '');
    }
  }

  private async device(request: Request, email: string, argument?: string | null): Promise<string | undefined> {
    if (!this.devices.hasTraces(request, argument)) return undefined;
    const normalized = normalizeEmail(email);
    if (!isEmailAddress(normalized)) return undefined;
    const deviceId = await this.devices.recognise(request, normalized, argument);
    // All devices of an account at an address together: each sign-in may make another one.
    return deviceId && `${this.networks.keyOf(clientOf(request).ipAddress)}:${this.digests.of(normalized)}`;
  }

  private async session(request: Request, argument?: string | null): Promise<string | undefined> {
    const { refreshToken } = this.credentials.anyTokens(request, argument);
    const session = refreshToken && (await this.rotation.sessionOf(refreshToken));
    return session ? session.sessionId : undefined;
  }
}
