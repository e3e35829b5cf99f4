import { Injectable } from '@nestjs/common';
import type { Session } from '../sessions/session.entity.js';
import { AccessTokenService } from '../tokens/access-token.service.js';
import type { User } from '../users/user.entity.js';
import type { SignedIn } from './signed-in.js';

/** Makes the access token of a session: the one code path of sign-up, login and refresh, so all carry the same claims. */
@Injectable()
export class TokenIssuer {
  constructor(private readonly tokens: AccessTokenService) {}

  /** The user's roles must be as they are in the database now: they become claims of the token. */
  async issue(user: User, session: Session, refreshToken: string): Promise<SignedIn> {
    const roles = (await user.roles.load()).getItems().map(({ name }) => name);
    const accessToken = await this.tokens.issue({
      userId: user.id,
      sessionId: session.id,
      roles: roles.sort(),
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
      authTime: session.createdAt,
      amr: session.authMethods,
      ...(session.impersonatorId && { impersonatorId: session.impersonatorId }),
    });
    return { user, session, accessToken, refreshToken, principal };
  }
}
