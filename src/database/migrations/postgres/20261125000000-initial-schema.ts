import { Migration } from '@mikro-orm/migrations';

/** The first schema, and the two built-in roles. */
export class InitialSchema extends Migration {
  override up(): void {
    this.addSql(
      `create table "audit_events" ("id" uuid not null, "at" timestamptz(3) not null, "type" varchar(64) not null, "actor_id" uuid null, "subject_id" uuid null, "session_id" uuid null, "ip_address" varchar(45) null, "user_agent" varchar(500) null, "details" jsonb null, primary key ("id"))`,
    );
    this.addSql(`create index "audit_events_subject_at" on "audit_events" ("subject_id", "at")`);
    this.addSql(`create index "audit_events_at" on "audit_events" ("at")`);
    this.addSql(
      `create table "roles" ("name" varchar(64) not null, "description" varchar(500) null, "permissions" jsonb not null, "built_in" boolean not null default false, "created_at" timestamptz(3) not null, primary key ("name"))`,
    );
    this.addSql(
      `create table "signing_keys" ("kid" varchar(43) not null, "algorithm" varchar(16) not null, "generation" int not null, "public_jwk" jsonb not null, "wrapped_private_key" text not null, "created_at" timestamptz(3) not null, "active_from" timestamptz(3) not null, "retired_at" timestamptz(3) null, primary key ("kid"))`,
    );
    this.addSql(
      `alter table "signing_keys" add constraint "signing_keys_generation_unique" unique ("algorithm", "generation")`,
    );
    this.addSql(
      `create table "users" ("id" uuid not null, "email" varchar(254) not null, "email_verified" boolean not null default false, "name" varchar(200) null, "password_hash" varchar(255) null, "version" int not null default 1, "created_at" timestamptz(3) not null, "last_login_at" timestamptz(3) null, "disabled_at" timestamptz(3) null, "disabled_reason" varchar(500) null, primary key ("id"))`,
    );
    this.addSql(`alter table "users" add constraint "users_email_unique" unique ("email")`);
    this.addSql(`alter table "users" add constraint "users_email_normalized" check (email = lower(email))`);
    this.addSql(
      `create table "sessions" ("id" uuid not null, "user_id" uuid not null, "refresh_salt" varchar(43) not null, "refresh_counter" int not null default 0, "rotated_at" timestamptz(3) not null, "created_at" timestamptz(3) not null, "last_active_at" timestamptz(3) not null, "expires_at" timestamptz(3) not null, "revoked_at" timestamptz(3) null, "revoked_reason" varchar(32) null, "ip_address" varchar(45) null, "user_agent" varchar(500) null, "auth_methods" jsonb not null, primary key ("id"))`,
    );
    this.addSql(`create index "sessions_user_active" on "sessions" ("user_id", "revoked_at", "last_active_at")`);
    this.addSql(
      `create table "user_roles" ("user_id" uuid not null, "role_name" varchar(64) not null, primary key ("user_id", "role_name"))`,
    );
    this.addSql(
      `alter table "sessions" add constraint "sessions_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade`,
    );
    this.addSql(
      `alter table "user_roles" add constraint "user_roles_user_id_foreign" foreign key ("user_id") references "users" ("id") on update cascade on delete cascade`,
    );
    this.addSql(
      `alter table "user_roles" add constraint "user_roles_role_name_foreign" foreign key ("role_name") references "roles" ("name") on update cascade on delete cascade`,
    );
    this.addSql(
      `insert into roles (name, description, permissions, built_in, created_at) values ` +
        `('admin', 'Holds every permission.', '[]', true, now()), ('user', 'Given to every new user.', '[]', true, now())`,
    );
  }
}
