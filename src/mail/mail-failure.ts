import { cutToOneLine } from '../common/one-line.js';

/** Why an attempt failed. */
export interface MailFailure {
  /** nodemailer's code, and the status of the reply: for the log. */
  readonly code: string;
  /** The same with what the mail server said, which may name the recipient. */
  readonly reason: string;
  /** The server refuses this mail for ever: a recipient that does not exist. */
  readonly isFinal: boolean;
}

/** What the server says about sender, recipient or text; not about our log-in or its own state. */
const ABOUT_THE_MAIL = ['EENVELOPE', 'EMESSAGE'];
const LONGEST_REASON = 500;

/** RFC 5321 section 4.2.1: a reply of class 5 is not to be tried again, one of class 4 is. */
export function failureOf(error: unknown): MailFailure {
  const { code, responseCode, response, message } = error instanceof Error ? (error as SmtpError) : {};
  const said = [code, response ?? message].filter(Boolean).join(': ');
  const isPermanent = responseCode !== undefined && responseCode >= 500;
  return {
    code: [code ?? 'unknown', responseCode].filter(Boolean).join(' '),
    reason: cutToOneLine(said, LONGEST_REASON) || 'unknown',
    isFinal: isPermanent && ABOUT_THE_MAIL.includes(code ?? ''),
  };
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
  readonly response?: string;
}
