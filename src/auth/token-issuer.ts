import { Injectable } from '@nestjs/common';
import { HeldRoles } from '../roles/held-roles.js';
import type { OwnedSession } from '../sessions/genuine-sessions.js';
import { AccessTokenService } from '../tokens/access-token.service.js';
import type { SignedIn } from './signed-in.js';

/** Makes the access token of a session: the one code path of sign-up, login and refresh, so all carry the same claims. */
@Injectable()
export class TokenIssuer {
  constructor(
    private readonly tokens: AccessTokenService,
    private readonly heldRoles: HeldRoles,
  ) {}

  /** The roles must be as they are in the database now: they become claims of the token. */
  issue({ user, session, roles }: OwnedSession, refreshToken: string): SignedIn {
    this.heldRoles.remember(user, roles);
    const accessToken = this.tokens.issue({
      userId: user.id,
      sessionId: session.id,
      roles: roles.toSorted(),
      version: user.version,
      authTime: session.createdAt,
      amr: session.authMethods,
      actorId: session.impersonatorId ?? null,
      notAfter: session.expiresAt,
    });
    const principal = Object.freeze({
      userId: user.id,
      sessionId: session.id,
      roles,
      version: user.version,
      authTime: session.createdAt,
      amr: session.authMethods,
      ...(session.impersonatorId && { impersonatorId: session.impersonatorId }),
    });
    return { user, session, accessToken, refreshToken, principal };
  }
}
