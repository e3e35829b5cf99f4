import { Migration } from '@mikro-orm/migrations';

/** The first schema, and the two built-in roles. */
export class InitialSchema extends Migration {
  override up(): void {
    this.addSql(
      `create table "audit_events" ("id" text not null primary key, "at" datetime not null, "type" text not null, "actor_id" text null, "subject_id" text null, "session_id" text null, "ip_address" text null, "user_agent" text null, "details" json null)`,
    );
    this.addSql(`create index "audit_events_subject_at" on "audit_events" ("subject_id", "at")`);
    this.addSql(`create index "audit_events_at" on "audit_events" ("at")`);
    this.addSql(
      `create table "roles" ("name" text not null primary key, "description" text null, "permissions" json not null, "built_in" integer not null default false, "created_at" datetime not null)`,
    );
    this.addSql(
      `create table "signing_keys" ("kid" text not null primary key, "algorithm" text not null, "generation" integer not null, "public_jwk" json not null, "wrapped_private_key" text not null, "created_at" datetime not null, "active_from" datetime not null, "retired_at" datetime null)`,
    );
    this.addSql(`create unique index "signing_keys_generation_unique" on "signing_keys" ("algorithm", "generation")`);
    this.addSql(
      `create table "users" ("id" text not null primary key, "email" text not null, "email_verified" integer not null default false, "name" text null, "password_hash" text null, "version" integer not null default 1, "created_at" datetime not null, "last_login_at" datetime null, "disabled_at" datetime null, "disabled_reason" text null, constraint "users_email_normalized" check (email = lower(email)))`,
    );
    this.addSql(`create unique index "users_email_unique" on "users" ("email")`);
    this.addSql(
      `create table "sessions" ("id" text not null primary key, "user_id" text not null, "refresh_salt" text not null, "refresh_counter" integer not null default 0, "rotated_at" datetime not null, "created_at" datetime not null, "last_active_at" datetime not null, "expires_at" datetime not null, "revoked_at" datetime null, "revoked_reason" text null, "ip_address" text null, "user_agent" text null, "auth_methods" json not null, constraint "sessions_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade)`,
    );
    this.addSql(`create index "sessions_user_id_index" on "sessions" ("user_id")`);
    this.addSql(`create index "sessions_user_active" on "sessions" ("user_id", "revoked_at", "last_active_at")`);
    this.addSql(
      `create table "user_roles" ("user_id" text not null, "role_name" text not null, primary key ("user_id", "role_name"), constraint "user_roles_user_id_foreign" foreign key ("user_id") references "users" ("id") on update cascade on delete cascade, constraint "user_roles_role_name_foreign" foreign key ("role_name") references "roles" ("name") on update cascade on delete cascade)`,
    );
    this.addSql(`create index "user_roles_user_id_index" on "user_roles" ("user_id")`);
    this.addSql(`create index "user_roles_role_name_index" on "user_roles" ("role_name")`);
    this.addSql(
      `insert into roles (name, description, permissions, built_in, created_at) values ` +
        `('admin', 'Holds every permission.', '[]', 1, unixepoch() * 1000), ('user', 'Given to every new user.', '[]', 1, unixepoch() * 1000)`,
    );
  }
}
