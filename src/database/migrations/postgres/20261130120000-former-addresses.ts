import { Migration } from '@mikro-orm/migrations';

/** Which addresses an account had, in which order. Of the version before there are the links, or the mails that are to bring them. */
export class FormerAddresses extends Migration {
  override up(): void {
    this.addSql(
      `create table "former_addresses" ("user_id" uuid not null, "email" varchar(254) not null, "rank" int not null, "is_confirmed" boolean not null, "until" timestamptz(3) not null, primary key ("user_id", "email"))`,
    );
    this.addSql(`create index "former_addresses_email" on "former_addresses" ("email")`);
    this.addSql(`create index "former_addresses_until" on "former_addresses" ("until")`);
    this.addSql(
      `alter table "former_addresses" add constraint "former_addresses_user_id_foreign" foreign key ("user_id") references "users" ("id") on delete cascade`,
    );
    this.addSql(
      `insert into "former_addresses" ("user_id", "email", "rank", "is_confirmed", "until")
       select user_id, email, row_number() over (partition by user_id order by min(created_at)), true, max(until)
       from (
         select user_id, email, created_at, expires_at as until from one_time_tokens
         where purpose = 'email_revert' and used_at is null and expires_at > now()
         union all
         select user_id, recipient, created_at, created_at + interval '7 days' from mails
         where template = 'email-changed' and user_id in (select id from users)
       ) as links group by user_id, email`,
    );
  }
}
