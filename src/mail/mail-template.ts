/** Every mail that the server writes, and the values that its text may name besides those of all mails. */
export const MAIL_TEMPLATES = {
  'verify-email': ['link', 'lifetime'],
  'reset-password': ['link', 'lifetime'],
  'magic-link': ['link', 'lifetime'],
  'confirm-email-change': ['link', 'lifetime', 'revertLifetime'],
  'email-changed': ['link', 'lifetime', 'time'],
  'email-left': ['time'],
  'email-moved-back': ['time'],
  'email-replaced': ['time'],
  'email-unconfirmed': ['time'],
  'password-changed': ['time'],
  'new-device': ['time', 'device', 'ipAddress'],
  'more-devices': ['time'],
  'account-exists': [],
  'account-waiting': ['link', 'lifetime'],
  'account-deleted': ['time'],
} as const satisfies Record<string, readonly string[]>;

export type MailTemplate = keyof typeof MAIL_TEMPLATES;

/** Names what every mail may say: what the service is called, by `MAIL_FROM`. */
export const COMMON_VALUES = ['service'] as const;
