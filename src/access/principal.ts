import type {} from 'passport';

/** Who makes the request: the verified access token, checked against its session and user. Immutable. */
export interface Principal {
  readonly userId: string;
  readonly sessionId: string;
  /** Role names as of this request: a token whose roles are out of date is refused as `TOKEN_STALE`. */
  readonly roles: readonly string[];
  /** When the user last proved who they are (RFC 9068 section 2.2.1). */
  readonly authTime: Date;
  /** How they proved it: RFC 8176 values such as `pwd`. */
  readonly amr: readonly string[];
}

declare global {
  // Passport's own extension point: this is what makes `request.user` a Principal.
  namespace Express {
    interface User extends Principal {}
  }
}
