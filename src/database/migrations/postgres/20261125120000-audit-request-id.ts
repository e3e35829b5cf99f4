import { Migration } from '@mikro-orm/migrations';

/** Leads from an event to the lines of the log about the same request. */
export class AuditRequestId extends Migration {
  override up(): void {
    this.addSql(`alter table "audit_events" add column "request_id" varchar(64) null`);
  }
}
