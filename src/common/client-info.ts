/** Where a request came from, as far as the server can tell: for sessions and the audit trail. */
export interface ClientInfo {
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** The language that it prefers (BCP 47), for mails. */
  readonly locale: string | null;
}
