/** Why a session ended before its time. Kept in the row and in the audit trail. */
export type RevocationReason =
  | 'logout'
  | 'revoked_by_user'
  | 'revoked_by_admin'
  | 'session_limit'
  | 'account_disabled'
  | 'account_deleted'
  | 'password_changed'
  | 'password_reset'
  | 'email_change_reverted'
  | 'address_proved'
  | 'refresh_reused'
  | 'impersonator_left'
  | 'rights_changed';

/** Sessions of one user: these, all but this one, or all. */
export type WhichSessions = { readonly id: string | { readonly $in: string[] } | { readonly $ne: string } } | 'all';
