import type { EntityManager } from '@mikro-orm/core';
import { User } from '../users/user.entity.js';
import type { UserRecord } from './user-record.js';

/** Which of the users of a file have an account here already. */
export class KnownAccounts {
  private constructor(
    private readonly externalIds: ReadonlySet<unknown>,
    private readonly emails: ReadonlySet<string>,
  ) {}

  /** One statement for any number of records. */
  static async of(em: EntityManager, records: readonly UserRecord[]): Promise<KnownAccounts> {
    const emails = records.map(({ email }) => email);
    const externalIds = records.flatMap(({ externalId }) => externalId ?? []);
    const where = { $or: [{ email: { $in: emails } }, { externalId: { $in: externalIds } }] };
    const users = await em.find(User, where, { fields: ['email', 'externalId'] });
    return new KnownAccounts(
      new Set(users.flatMap(({ externalId }) => externalId ?? [])),
      new Set(users.map(({ email }) => email)),
    );
  }

  /** True for a user who was imported before: what has changed here since then stays. */
  has({ externalId }: UserRecord): boolean {
    return externalId !== null && this.externalIds.has(externalId);
  }

  isTaken({ email }: UserRecord): boolean {
    return this.emails.has(email);
  }
}
