import { Migration } from '@mikro-orm/migrations';

/**
 * Which list of revocations in Redis may be trusted: none, to begin with. The triggers give the list up for every change
 * that ends a token and was not marked on it: one made by hand, or by code that does not know of the list. Deferred to the
 * commit, because a transaction may mark after it changes.
 */
export class RevocationListMigration extends Migration {
  override up(): void {
    this.addSql(
      `create table "revocation_list" ("id" smallint not null, "list" varchar(128) null, "dropped_at" timestamptz(3) null, primary key ("id"))`,
    );
    this.addSql(`insert into "revocation_list" ("id") values (1)`);
    this.addSql(`create function latchkey_give_up_revocation_list() returns trigger language plpgsql as $$
      begin
        if current_setting('latchkey.revocation_marked', true) is distinct from 'on' then
          update revocation_list set list = null, dropped_at = clock_timestamp() where list is not null;
        end if;
        return null;
      end $$`);
    const deferred = 'deferrable initially deferred for each row';
    const giveUp = 'execute function latchkey_give_up_revocation_list()';
    this.addSql(`create constraint trigger sessions_ended after update on sessions ${deferred}
      when (new.revoked_at is not null and old.revoked_at is null or new.expires_at < old.expires_at) ${giveUp}`);
    this.addSql(`create constraint trigger sessions_deleted after delete on sessions ${deferred}
      when (old.revoked_at is null and old.expires_at > now()) ${giveUp}`);
    this.addSql(`create constraint trigger users_changed after update on users ${deferred}
      when (new.version <> old.version or new.disabled_at is not null and old.disabled_at is null) ${giveUp}`);
    this.addSql(`create constraint trigger users_deleted after delete on users ${deferred} ${giveUp}`);
    this.addSql(`create trigger sessions_emptied after truncate on sessions for each statement ${giveUp}`);
  }
}
