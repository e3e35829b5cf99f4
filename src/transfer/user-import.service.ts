import { USER_ROLE } from '../access/permissions.js';
import type { EntityManager } from '@mikro-orm/core';
import { Injectable } from '@nestjs/common';
import batched from 'it-batch';
import { AuditService } from '../audit/audit.service.js';
import { Clock } from '../common/clock.js';
import { Transactions } from '../database/transactions.js';
import { RolesService } from '../roles/roles.service.js';
import { HeldAddresses } from '../users/held-addresses.service.js';
import { insertAccounts, rolesOf } from './account-insertion.js';
import type { Entry } from './formats/format.js';
import { KnownAccounts } from './known-accounts.js';
import { problemOf, userRecord, type UserRecord } from './user-record.js';

/** What has become of a line. `present`: an earlier import has brought this user. */
export interface LineOutcome {
  readonly line: number;
  readonly outcome: 'created' | 'present' | 'refused';
  /** Of a refusal. Names fields and never a value. */
  readonly reason?: string;
}

/** What the operator answers for. */
export interface ImportRules {
  /** A user whose address is not confirmed gets the roles of the line too: the operator is sure whose account it is. */
  readonly unconfirmed?: true;
}

interface Candidate {
  readonly line: number;
  readonly record: UserRecord;
}

/** Lines of a transaction. SQLite takes 32,766 values in a statement, and a user has eleven. */
const BATCH = 500;

const TAKEN = 'email belongs to an account';
const TWICE = 'email or externalId is in the file twice';
const UNKNOWN_ROLE = 'roles names a role that does not exist';
const UNCONFIRMED = 'roles names more than `user`, and emailVerified is not true: see --unconfirmed';

/**
 * Makes accounts of what another server has exported. A line that is wrong is reported and stops nothing. Whoever runs the
 * import again changes nothing: an `externalId` that is known is passed over.
 */
@Injectable()
export class UserImport {
  constructor(
    private readonly transactions: Transactions,
    private readonly roles: RolesService,
    private readonly held: HeldAddresses,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** Each batch is committed before its outcomes are yielded. */
  async *run(entries: AsyncIterable<Entry>, rules: ImportRules = {}): AsyncIterable<LineOutcome[]> {
    for await (const batch of batched(entries, BATCH)) {
      yield await this.outcomesOf(batch, rules, (em, records) => this.insert(em, records));
    }
  }

  /** What `run` would answer. Writes nothing, and remembers all addresses and ids of the file. */
  async *dryRun(entries: AsyncIterable<Entry>, rules: ImportRules = {}): AsyncIterable<LineOutcome[]> {
    const seen = new Set<string>();
    for await (const batch of batched(entries, BATCH)) {
      const create = (_em: EntityManager, records: UserRecord[]) => records.filter((one) => isNew(one, seen));
      yield await this.outcomesOf(batch, rules, create);
    }
  }

  /** @param create makes accounts for those who can have one, and answers who has got it */
  private async outcomesOf(
    entries: readonly Entry[],
    rules: ImportRules,
    create: (em: EntityManager, records: UserRecord[]) => UserRecord[] | Promise<UserRecord[]>,
  ): Promise<LineOutcome[]> {
    const lines = entries.map(check);
    const candidates = lines.filter((line) => 'record' in line);
    return this.transactions.runApart(async (em) => {
      const obstacles = await this.obstacles(em, candidates, rules);
      const free = candidates.filter((candidate) => !obstacles.has(candidate));
      const created = new Set(
        await create(
          em,
          free.map(({ record }) => record),
        ),
      );
      return lines.map((line) => {
        if (!('record' in line)) return line;
        if (created.has(line.record)) return { line: line.line, outcome: 'created' };
        return obstacles.get(line) ?? refused(line.line, TWICE);
      });
    });
  }

  /** Who can not have an account, and why, as far as that can be known beforehand. */
  private async obstacles(
    em: EntityManager,
    candidates: readonly Candidate[],
    { unconfirmed }: ImportRules,
  ): Promise<Map<Candidate, LineOutcome>> {
    const records = candidates.map(({ record }) => record);
    const existing = await this.roles.existing(em, [...new Set(records.flatMap(rolesOf))]);
    const roles = new Set(existing.map(({ name }) => name));
    const known = await KnownAccounts.of(em, records);
    const emails = records.map(({ email }) => email);
    const held = await this.held.heldOf(em, emails);
    const obstacle = ({ line, record }: Candidate): LineOutcome | undefined => {
      if (known.has(record)) return { line, outcome: 'present' };
      if (known.isTaken(record) || held.has(record.email)) return refused(line, TAKEN);
      if (!rolesOf(record).every((name) => roles.has(name))) return refused(line, UNKNOWN_ROLE);
      // A stranger can have signed up with the address, where the file comes from.
      const isConfirmed = record.emailVerified || unconfirmed;
      return isConfirmed || otherRolesOf(record).length === 0 ? undefined : refused(line, UNCONFIRMED);
    };
    return new Map(
      candidates.flatMap((candidate) => {
        const outcome = obstacle(candidate);
        return outcome ? [[candidate, outcome]] : [];
      }),
    );
  }

  private async insert(em: EntityManager, records: UserRecord[]): Promise<UserRecord[]> {
    const created = await insertAccounts(em, records, this.clock.now());
    const details = { users: created.length, roles: rolesAmong(created) };
    if (created.length > 0) this.audit.record(em, 'users.imported', { details });
    return created;
  }
}

function check({ line, fields }: Entry): Candidate | LineOutcome {
  if (!fields) return refused(line, 'can not be read');
  const { data, error } = userRecord.safeParse(fields);
  return data ? { line, record: data } : refused(line, problemOf(error));
}

const refused = (line: number, reason: string): LineOutcome => ({ line, outcome: 'refused', reason });

function isNew({ email, externalId }: UserRecord, seen: Set<string>): boolean {
  const keys = [`email ${email}`, ...(externalId === null ? [] : [`id ${externalId}`])];
  if (keys.some((key) => seen.has(key))) return false;
  for (const key of keys) seen.add(key);
  return true;
}

/** Those that nobody gets by a sign-up. */
const otherRolesOf = (record: UserRecord): string[] => rolesOf(record).filter((name) => name !== USER_ROLE);

/** How many have each role besides `user`: an administrator who came in by a file stands in the trail. */
function rolesAmong(records: readonly UserRecord[]): Record<string, number> {
  const names = records.flatMap(otherRolesOf);
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, { length }]) => [name, length]));
}
