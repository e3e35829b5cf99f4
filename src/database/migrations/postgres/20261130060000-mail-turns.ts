import { Migration } from '@mikro-orm/migrations';

/** Where mails are asked for from, and whose turn is when. */
export class MailTurns extends Migration {
  override up(): void {
    this.addSql(`alter table "mails" add column "asked_from" varchar(64) null`);
    this.addSql(`alter table "mails" add column "turn" int not null default 0`);
    this.addSql(`drop index "mails_due_at"`);
    this.addSql(`create index "mails_turn_due_at" on "mails" ("turn", "due_at") where failed_at is null`);
    this.addSql(`create index "mails_asked_from" on "mails" ("asked_from")`);
  }
}
