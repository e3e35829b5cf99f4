/** The closed list of what is audited (docs/audit.md). The names are stable: operators filter and alert on them. */
export const AUDIT_EVENTS = [
  'user.signed_up',
  'user.created',
  'user.logged_in',
  'user.login_failed',
  'user.login_unverified',
  'user.logged_out',
  'user.roles_changed',
  'user.disabled',
  'user.enabled',
  'user.email_verified',
  'session.refreshed',
  'session.revoked',
  'session.refresh_reused',
  'session.refresh_unknown_counter',
  'access.refused',
  'document.refused',
] as const;

export type AuditEventType = (typeof AUDIT_EVENTS)[number];
