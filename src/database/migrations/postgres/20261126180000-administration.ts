import { Migration } from '@mikro-orm/migrations';

/**
 * What the lists of users are searched and ordered by, sessions that somebody else has opened, the chain of the audit trail,
 * and where an imported account comes from. `pg_trgm` is a trusted extension: the owner of the database may create it.
 */
export class Administration extends Migration {
  override up(): void {
    this.addSql(`create extension if not exists pg_trgm`);
    this.addSql(`alter table "users" add column "external_id" varchar(255) null`);
    this.addSql(`alter table "users" add constraint "users_external_id_unique" unique ("external_id")`);
    this.addSql(`alter table "users" alter column "password_hash" type varchar(512)`);
    this.addSql(
      `create index "users_search" on "users" using gin ((lower(email || ' ' || coalesce(name, ''))) gin_trgm_ops)`,
    );
    const lastPart = (text: string, separator: string) =>
      `replace(${text}, rtrim(${text}, replace(${text}, '${separator}', '')), '')`;
    this.addSql(`create index "users_search_email" on "users" ((email) collate "C", "id")`);
    this.addSql(
      `create index "users_search_domain" on "users" ((${lastPart('email', '@')}) collate "C", "id") include ("email")`,
    );
    this.addSql(`create index "users_search_name" on "users" ((lower(name)) collate "C", "id") include ("name")`);
    this.addSql(
      `create index "users_search_last_name" on "users" ((${lastPart('lower(name)', ' ')}) collate "C", "id") include ("name")`,
    );
    this.addSql(`create index "users_created_at" on "users" ("created_at", "id")`);
    this.addSql(`create index "users_last_login_at" on "users" ("last_login_at", "id")`);
    this.addSql(`create index "users_disabled" on "users" ("created_at", "id") where disabled_at is not null`);
    this.addSql(`create index "users_unverified" on "users" ("created_at", "id") where not email_verified`);

    this.addSql(`alter table "sessions" add column "impersonator_id" uuid null`);
    this.addSql(`alter table "sessions" add column "impersonator_session_id" uuid null`);
    this.addSql(
      `create index "sessions_impersonator" on "sessions" ("impersonator_id") where impersonator_id is not null`,
    );

    this.addSql(`alter table "audit_events" add column "sequence" bigint null`);
    this.addSql(`alter table "audit_events" add column "hash" varchar(43) null`);
    this.addSql(`alter table "audit_events" add column "origin_salt" varchar(22) null`);
    this.addSql(`alter table "audit_events" add column "origin_digest" varchar(43) null`);
    this.addSql(`alter table "audit_events" add constraint "audit_events_sequence_unique" unique ("sequence")`);
    this.addSql(`create index "audit_events_unsealed" on "audit_events" ("at", "id") where sequence is null`);
    this.addSql(`create index "audit_events_type_at" on "audit_events" ("type", "at")`);
    this.addSql(
      `create table "audit_chain" ("id" smallint not null, "wrapped_key" varchar(255) not null, "start_sequence" bigint not null, "start_hash" varchar(43) not null, "head_sequence" bigint not null, "head_hash" varchar(43) not null, "seal" varchar(43) not null, primary key ("id"))`,
    );
  }
}
