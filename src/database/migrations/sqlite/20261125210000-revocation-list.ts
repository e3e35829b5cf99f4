import { Migration } from '@mikro-orm/migrations';

/** Which list of revocations in Redis may be trusted: none, to begin with. */
export class RevocationListMigration extends Migration {
  override up(): void {
    this.addSql(
      `create table "revocation_list" ("id" integer not null primary key, "list" text null, "dropped_at" datetime null)`,
    );
    this.addSql(`insert into "revocation_list" ("id") values (1)`);
  }
}
