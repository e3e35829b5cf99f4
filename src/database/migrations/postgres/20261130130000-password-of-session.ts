import { Migration } from '@mikro-orm/migrations';

/** Of which password a session is. Those that began since the present one was chosen are of that one. */
export class PasswordOfSession extends Migration {
  override up(): void {
    this.addSql(`alter table "sessions" add column "password_changed_at" timestamptz(3) null`);
    this.addSql(`update "sessions" set "password_changed_at" =
      (select u."password_changed_at" from "users" u where u."id" = "sessions"."user_id" and u."password_changed_at" <= "sessions"."created_at")
      where "user_id" in (select "id" from "users" where "password_changed_at" is not null)`);
  }
}
