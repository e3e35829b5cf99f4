import { Migration } from '@mikro-orm/migrations';

/** What proves an event before it is in the chain, and the moments that decide what the chain takes in. */
export class AuditMacs extends Migration {
  override up(): void {
    this.addSql(`alter table "audit_events" add column "mac" text null`);
    this.addSql(`alter table "audit_chain" add column "macs_from" datetime null`);
    this.addSql(`alter table "audit_chain" add column "purged_until" datetime null`);
    this.addSql(`alter table "audit_chain" add column "begun_anew_at" datetime null`);
  }
}
