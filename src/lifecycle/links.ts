import { Inject, Injectable } from '@nestjs/common';
import { ENV, type Env } from '../config/env.js';
import type { BudgetedMail } from '../throttle/limits.js';
import type { TokenPurpose } from '../tokens/one-time-token.js';

type LinkEnv = Pick<
  Env,
  | 'APP_URL'
  | 'EMAIL_VERIFICATION_TTL'
  | 'PASSWORD_RESET_TTL'
  | 'MAGIC_LINK_TTL'
  | 'EMAIL_CHANGE_TTL'
  | 'EMAIL_REVERT_TTL'
>;

/** The page of the frontend that each link leads to (docs/lifecycle.md), and the setting that says how long it works. */
const LINKS = {
  email_verification: { page: 'verify-email', lifetime: 'EMAIL_VERIFICATION_TTL' },
  password_reset: { page: 'reset-password', lifetime: 'PASSWORD_RESET_TTL' },
  magic_link: { page: 'magic-link', lifetime: 'MAGIC_LINK_TTL' },
  email_change: { page: 'confirm-email-change', lifetime: 'EMAIL_CHANGE_TTL' },
  email_revert: { page: 'revert-email-change', lifetime: 'EMAIL_REVERT_TTL' },
} as const satisfies Record<TokenPurpose, { page: string; lifetime: keyof LinkEnv }>;

/** The mails that anybody can ask for, by the link that they carry. */
export const MAILS_WITH_LINK: Readonly<Partial<Record<TokenPurpose, BudgetedMail>>> = {
  email_verification: 'verify-email',
  password_reset: 'reset-password',
  magic_link: 'magic-link',
  email_change: 'confirm-email-change',
};

/** What the links in mails look like. */
@Injectable()
export class Links {
  constructor(@Inject(ENV) private readonly env: LinkEnv) {}

  lifetimeSeconds(purpose: TokenPurpose): number {
    return this.env[LINKS[purpose].lifetime];
  }

  /**
   * The token is in the fragment: no server, proxy, log or Referer header sees it, and the GET of a scanner that opens
   * every link in a mail uses nothing up.
   */
  url(purpose: TokenPurpose, token: string): string {
    return `${this.env.APP_URL}/${LINKS[purpose].page}#token=${token}`;
  }
}
