import { InitialSchema } from './20261125000000-initial-schema.js';
import { AuditRequestId } from './20261125120000-audit-request-id.js';
import { RevocationListMigration } from './20261125210000-revocation-list.js';
import { Jobs } from './20261125220000-jobs.js';
import { AccountLifeCycle } from './20261126120000-account-life-cycle.js';
import { Administration } from './20261126180000-administration.js';
import { AsciiDomains } from './20261129090000-ascii-domains.js';
import { BegunInSession } from './20261129093000-begun-in-session.js';
import { AuditMacs } from './20261129094000-audit-macs.js';
import { MailTurns } from './20261130060000-mail-turns.js';
import { FormerAddresses } from './20261130120000-former-addresses.js';
import { PasswordOfSession } from './20261130130000-password-of-session.js';

/** In the order in which they run. Names are kept for ever: the database remembers which have run. */
export const sqliteMigrations = [
  { name: '20261125000000-initial-schema', class: InitialSchema },
  { name: '20261125120000-audit-request-id', class: AuditRequestId },
  { name: '20261125210000-revocation-list', class: RevocationListMigration },
  { name: '20261125220000-jobs', class: Jobs },
  { name: '20261126120000-account-life-cycle', class: AccountLifeCycle },
  { name: '20261126180000-administration', class: Administration },
  { name: '20261129090000-ascii-domains', class: AsciiDomains },
  { name: '20261129093000-begun-in-session', class: BegunInSession },
  { name: '20261129094000-audit-macs', class: AuditMacs },
  { name: '20261130060000-mail-turns', class: MailTurns },
  { name: '20261130120000-former-addresses', class: FormerAddresses },
  { name: '20261130130000-password-of-session', class: PasswordOfSession },
];
