import { Migration } from '@mikro-orm/migrations';

/** The outbox of mails, one-time tokens, held addresses, and what an account knows of its password and language. */
export class AccountLifeCycle extends Migration {
  override up(): void {
    this.addSql(
      `create table "mails" ("id" text not null primary key, "template" text not null, "recipient" text not null, "user_id" text null, "locale" text null, "facts" json not null, "salt" text not null, "created_at" datetime not null, "due_at" datetime not null, "attempts" integer not null default 0, "failed_at" datetime null, "last_error" text null)`,
    );
    this.addSql(`create index "mails_due_at" on "mails" ("due_at")`);
    this.addSql(`create index "mails_recipient" on "mails" ("recipient")`);
    this.addSql(
      `create table "held_addresses" ("digest" text not null primary key, "until" datetime not null, "user_id" text null)`,
    );
    this.addSql(`create index "held_addresses_until" on "held_addresses" ("until")`);
    this.addSql(
      `create table "one_time_tokens" ("hash" text not null primary key, "purpose" text not null, "user_id" text not null, "email" text not null, "created_at" datetime not null, "expires_at" datetime not null, "used_at" datetime null, constraint "one_time_tokens_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade)`,
    );
    this.addSql(`create index "one_time_tokens_user_id_index" on "one_time_tokens" ("user_id")`);
    this.addSql(`create index "one_time_tokens_user_purpose" on "one_time_tokens" ("user_id", "purpose")`);
    this.addSql(`create index "one_time_tokens_expires_at" on "one_time_tokens" ("expires_at")`);
    this.addSql(`alter table "users" add column "password_changed_at" datetime null`);
    this.addSql(`alter table "users" add column "locale" text null`);
    this.addSql(`create index "audit_events_actor_at" on "audit_events" ("actor_id", "at")`);
  }
}
