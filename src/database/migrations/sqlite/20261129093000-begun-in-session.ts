import { Migration } from '@mikro-orm/migrations';

/** In which session a link was asked for: it ends with that. */
export class BegunInSession extends Migration {
  override up(): void {
    this.addSql(`alter table "mails" add column "session_id" text null`);
    this.addSql(`alter table "one_time_tokens" add column "session_id" text null`);
  }
}
