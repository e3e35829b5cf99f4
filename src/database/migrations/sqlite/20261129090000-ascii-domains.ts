import { Migration } from '@mikro-orm/migrations';
import { writeDomainsInAscii } from '../ascii-domains.js';

/** Domains of addresses have one form, which is that of ASCII. */
export class AsciiDomains extends Migration {
  override async up(): Promise<void> {
    await writeDomainsInAscii((sql, params) => this.execute(sql, params));
  }
}
