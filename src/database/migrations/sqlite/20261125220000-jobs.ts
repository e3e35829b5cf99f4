import { Migration } from '@mikro-orm/migrations';

/** When each job is due, what the purge looks for, and how much a signing key is used. */
export class Jobs extends Migration {
  override up(): void {
    this.addSql(
      `create table "jobs" ("name" text not null primary key, "next_run_at" datetime not null, "last_run_at" datetime null)`,
    );
    this.addSql(`alter table "signing_keys" add column "verifications" bigint not null default 0`);
    this.addSql(`alter table "signing_keys" add column "last_seen_at" datetime null`);
    this.addSql(`create index "sessions_revoked_at" on "sessions" ("revoked_at")`);
    this.addSql(`create index "sessions_expires_at" on "sessions" ("expires_at")`);
  }
}
