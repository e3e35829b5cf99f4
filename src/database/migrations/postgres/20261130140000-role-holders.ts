import { Migration } from '@mikro-orm/migrations';

/** Who holds a role. SQLite has this index from the beginning: there the ORM makes one for each reference. */
export class RoleHolders extends Migration {
  override up(): void {
    this.addSql(`create index "user_roles_role_name_index" on "user_roles" ("role_name")`);
  }
}
