import { Migration } from '@mikro-orm/migrations';

/** Which addresses an account had, in which order. Of the version before there are the links, or the mails that are to bring them. */
export class FormerAddresses extends Migration {
  override up(): void {
    this.addSql(
      `create table "former_addresses" ("user_id" text not null, "email" text not null, "rank" integer not null, "is_confirmed" integer not null, "until" datetime not null, constraint "former_addresses_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade, primary key ("user_id", "email"))`,
    );
    this.addSql(`create index "former_addresses_user_id_index" on "former_addresses" ("user_id")`);
    this.addSql(`create index "former_addresses_email" on "former_addresses" ("email")`);
    this.addSql(`create index "former_addresses_until" on "former_addresses" ("until")`);
    this.addSql(
      `insert into "former_addresses" ("user_id", "email", "rank", "is_confirmed", "until")
       select user_id, email, row_number() over (partition by user_id order by min(created_at)), 1, max(until)
       from (
         select user_id, email, created_at, expires_at as until from one_time_tokens
         where purpose = 'email_revert' and used_at is null and expires_at > cast(unixepoch('subsec') * 1000 as integer)
         union all
         select user_id, recipient, created_at, created_at + 7 * 86400000 from mails
         where template = 'email-changed' and user_id in (select id from users)
       ) as links group by user_id, email`,
    );
  }
}
