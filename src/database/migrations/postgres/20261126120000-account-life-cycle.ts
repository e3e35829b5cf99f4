import { Migration } from '@mikro-orm/migrations';

/** The outbox of mails, one-time tokens, held addresses, and what an account knows of its password and language. */
export class AccountLifeCycle extends Migration {
  override up(): void {
    this.addSql(
      `create table "mails" ("id" uuid not null, "template" varchar(32) not null, "recipient" varchar(254) not null, "user_id" uuid null, "locale" varchar(35) null, "facts" jsonb not null, "salt" varchar(43) not null, "created_at" timestamptz(3) not null, "due_at" timestamptz(3) not null, "attempts" int not null default 0, "failed_at" timestamptz(3) null, "last_error" varchar(500) null, primary key ("id"))`,
    );
    this.addSql(`create index "mails_due_at" on "mails" ("due_at")`);
    this.addSql(`create index "mails_recipient" on "mails" ("recipient")`);
    this.addSql(
      `create table "held_addresses" ("digest" varchar(43) not null, "until" timestamptz(3) not null, "user_id" uuid null, primary key ("digest"))`,
    );
    this.addSql(`create index "held_addresses_until" on "held_addresses" ("until")`);
    this.addSql(
      `create table "one_time_tokens" ("hash" varchar(43) not null, "purpose" varchar(24) not null, "user_id" uuid not null, "email" varchar(254) not null, "created_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, "used_at" timestamptz(3) null, primary key ("hash"))`,
    );
    this.addSql(`create index "one_time_tokens_user_purpose" on "one_time_tokens" ("user_id", "purpose")`);
    this.addSql(`create index "one_time_tokens_expires_at" on "one_time_tokens" ("expires_at")`);
    this.addSql(
      `alter table "one_time_tokens" add constraint "one_time_tokens_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade`,
    );
    this.addSql(`alter table "users" add column "password_changed_at" timestamptz(3) null`);
    this.addSql(`alter table "users" add column "locale" varchar(35) null`);
    this.addSql(`create index "audit_events_actor_at" on "audit_events" ("actor_id", "at")`);
  }
}
