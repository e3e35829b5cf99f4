import { Migration } from '@mikro-orm/migrations';

/**
 * What the lists of users are ordered by, sessions that somebody else has opened, the chain of the audit trail, and where an
 * imported account comes from.
 */
export class Administration extends Migration {
  override up(): void {
    this.addSql(`alter table "users" add column "external_id" text null`);
    this.addSql(`create unique index "users_external_id_unique" on "users" ("external_id")`);
    this.addSql(`create index "users_created_at" on "users" ("created_at", "id")`);
    this.addSql(`create index "users_last_login_at" on "users" ("last_login_at", "id")`);
    this.addSql(`create index "users_disabled" on "users" ("created_at", "id") where disabled_at is not null`);
    this.addSql(`create index "users_unverified" on "users" ("created_at", "id") where not email_verified`);

    this.addSql(`alter table "sessions" add column "impersonator_id" text null`);
    this.addSql(`alter table "sessions" add column "impersonator_session_id" text null`);
    this.addSql(
      `create index "sessions_impersonator" on "sessions" ("impersonator_id") where impersonator_id is not null`,
    );

    this.addSql(`alter table "audit_events" add column "sequence" bigint null`);
    this.addSql(`alter table "audit_events" add column "hash" text null`);
    this.addSql(`alter table "audit_events" add column "origin_salt" text null`);
    this.addSql(`alter table "audit_events" add column "origin_digest" text null`);
    this.addSql(`create unique index "audit_events_sequence_unique" on "audit_events" ("sequence")`);
    this.addSql(`create index "audit_events_unsealed" on "audit_events" ("at", "id") where sequence is null`);
    this.addSql(`create index "audit_events_type_at" on "audit_events" ("type", "at")`);
    this.addSql(
      `create table "audit_chain" ("id" integer not null primary key, "wrapped_key" text not null, "start_sequence" bigint not null, "start_hash" text not null, "head_sequence" bigint not null, "head_hash" text not null, "seal" text not null)`,
    );
  }
}
