import { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import { AuditService } from '../audit/audit.service.js';
import { Transactions } from '../database/transactions.js';
import { User } from '../users/user.entity.js';

/** A user under the names that an import reads. Null is left out. */
export interface ExportedUser {
  readonly email: string;
  readonly passwordHash?: string;
  readonly name?: string;
  readonly roles: readonly string[];
  readonly emailVerified: boolean;
  readonly locale?: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly externalId: string;
  readonly disabled: boolean;
}

const BATCH = 1_000;

/** Reads all accounts, so that another server can import them. */
@Injectable()
export class UserExport {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly audit: AuditService,
  ) {}

  /** In the order in which they were made, a batch at a time. The trail knows of it before the first one is read. */
  async *run({ withHashes }: { withHashes: boolean }): AsyncIterable<ExportedUser> {
    await this.transactions.runApart((em) => {
      this.audit.record(em, 'users.exported', { details: { hashes: withHashes } });
      return Promise.resolve();
    });
    let after: string | undefined;
    do {
      const users = await this.batch(after, withHashes);
      yield* users.map((user) => exported(user, withHashes));
      after = users.at(-1)?.id;
    } while (after !== undefined);
  }

  private batch(after: string | undefined, withHashes: boolean): Promise<User[]> {
    const where = after === undefined ? {} : { id: { $gt: after } };
    const populate = withHashes ? (['roles', 'passwordHash'] as const) : (['roles'] as const);
    // In a unit of work of its own: nothing of it stays in memory.
    return this.em.fork().find(User, where, { populate, orderBy: { id: 'asc' }, limit: BATCH });
  }
}

function exported(user: User, withHashes: boolean): ExportedUser {
  const { passwordHash, name, locale } = user;
  return {
    email: user.email,
    ...(withHashes && passwordHash && { passwordHash }),
    ...(name && { name }),
    roles: user.roles
      .getItems()
      .map((role) => role.name)
      .sort(),
    emailVerified: user.emailVerified,
    ...(locale && { locale }),
    createdAt: user.createdAt.toISOString(),
    // Whoever came from elsewhere keeps that name; the others are known by their `sub`.
    externalId: user.externalId ?? user.id,
    disabled: Boolean(user.disabledAt),
  };
}
