import type {} from 'passport';

/** Who makes the request: the verified access token, checked against its session and user. Immutable. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  /** Role names as of this request: a token whose roles are out of date is refused as `TOKEN_STALE`. */
  readonly roles: readonly string[];
  /** Of the account, as the token has it. It grows with every change of the roles. */
  readonly version: number;
  /** When the user last proved who they are (RFC 9068 section 2.2.1). */
  readonly authTime: Date;
  /** How they proved it: RFC 8176 values such as `pwd`. */
  readonly amr: readonly string[];
  /** The administrator who acts as the user: the `act` claim (RFC 8693 section 4.1). Absent: the user. */
  readonly impersonatorId?: string;
}

/** Who answers for what the caller does: the user, or the administrator who acts as the user. */
export const actorOf = ({ impersonatorId, userId }: Pick<Principal, 'impersonatorId' | 'userId'>): string =>
  impersonatorId ?? userId;

declare global {
  // Passport's own extension point: this is what makes `request.user` a Principal.
  namespace Express {
    interface User extends Principal {}
  }
}
