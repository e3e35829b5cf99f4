import { Logger } from '@nestjs/common';
import { domainToASCII } from 'node:url';

type Execute = (sql: string, params?: unknown[]) => Promise<unknown>;

/** Addresses of accounts, of links and of mails that wait. */
const COLUMNS = [
  ['users', 'id', 'email'],
  ['one_time_tokens', 'hash', 'email'],
  ['mails', 'id', 'recipient'],
] as const;

const OTHERS = `select 1 from "users" where "email" = ?`;
const MAX_LENGTH = 254;

/**
 * Gives each address with other letters the form that `normalizeEmail` makes. Where another account has that form
 * already, or it is too long, the row stays as it is, and the log says so.
 *
 * @returns how many rows it changed
 */
export async function writeDomainsInAscii(execute: Execute): Promise<number> {
  let [changed, kept] = [0, 0];
  for (const [table, key, column] of COLUMNS) {
    const isAscii = `octet_length("${column}") = length("${column}")`;
    const select = `select "${key}" as key, "${column}" as address from "${table}" where not ${isAscii}`;
    for (const { key: row, address } of (await execute(select)) as { key: string; address: string }[]) {
      const at = address.lastIndexOf('@') + 1;
      const written = address.slice(0, at).normalize('NFC') + domainToASCII(address.slice(at));
      if (written === address) continue;
      const isTaken = table === 'users' && ((await execute(OTHERS, [written])) as unknown[]).length > 0;
      if (isTaken || written.length > MAX_LENGTH || written.endsWith('@')) kept += 1;
      else {
        await execute(`update "${table}" set "${column}" = ? where "${key}" = ?`, [written, row]);
        changed += 1;
      }
    }
  }
  if (kept > 0) new Logger('Addresses').warn(KEPT.replace('%', String(kept)));
  return changed;
}

const KEPT =
  '% rows have an address whose form in ASCII is too long or belongs to another account. They were left as they are: nobody can ' +
  'sign in to such an account until an administrator gives it another address (docs/operations/README.md).';
