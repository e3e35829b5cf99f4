import { EntityManager } from '@mikro-orm/core';
import { Module } from '@nestjs/common';
import { Args, Int, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Authenticated } from '../../src/access/access.decorators.js';
import { CurrentPrincipal } from '../../src/access/current-principal.decorator.js';
import type { Principal } from '../../src/access/principal.js';
import { Session } from '../../src/sessions/session.entity.js';
import { User } from '../../src/users/user.entity.js';
import { UserModel } from '../../src/users/user.model.js';
import { logIn, signUp, signUpWithRoles, type TestUser } from '../support/accounts.js';
import { statementsOf } from '../support/statements.js';
import { TestServer } from '../support/test-server.js';

@Resolver()
class PeopleResolver {
  constructor(private readonly em: EntityManager) {}

  @Query(() => [UserModel])
  @Authenticated()
  people(@Args('first', { type: () => Int }) first: number): Promise<User[]> {
    return this.em.find(User, {}, { limit: first, orderBy: { id: 'asc' } });
  }

  @Mutation(() => UserModel)
  @Authenticated()
  lookAgain(@CurrentPrincipal() { userId }: Principal): Promise<User> {
    return this.em.findOneOrFail(User, userId);
  }
}

@Module({ providers: [PeopleResolver] })
class PeopleModule {}

let server: TestServer;
let admin: TestUser;
beforeAll(async () => {
  server = await TestServer.start({ imports: [PeopleModule] });
  for (let index = 0; index < 50; index++) await signUp(server);
  admin = await signUpWithRoles(server, 'admin');
});
afterAll(() => server.stop());

type Person = Record<string, unknown>;
const people = (token: string, first: number, fields: string) =>
  server.call<{ people: Person[] }>(`{ people(first: ${String(first)}) { ${fields} } }`, {}, { token });

/** @see nestjs/graphql#20, Consensys-Incorporated/ethql#55 */
describe('a list of users', () => {
  it.each([
    ['id email name createdAt', 2],
    ['id roles', 3],
    ['id permissions', 3],
    ['id lastLoginAt disabledAt disabledReason', 2],
    ['id sessions { id device current }', 3],
    ['id roles permissions sessions { id } again: sessions { id }', 4],
  ])('asked for { %s } takes %i statements, for 50 rows as for 5', async (fields, expected) => {
    const counts = [];
    for (const first of [5, 20]) {
      const statements = await statementsOf(server, async () => {
        const { data, errors } = await people(admin.accessToken, first, fields);
        expect([data?.people.length, errors]).toEqual([first, []]);
      });
      counts.push(statements.length);
    }
    // One of them is for the caller, one for the list.
    expect(counts).toEqual([expected, expected]);
  });

  it('gives each row its own roles and sessions', async () => {
    const { data } = await people(admin.accessToken, 51, 'id roles sessions { id }');
    const sessions = data?.people.map((person) => person['sessions'] as { id: string }[]) ?? [];
    expect(sessions.map(({ length }) => length)).toEqual([...Array.from({ length: 50 }, () => 1), 2]);
    expect(new Set(sessions.flat().map(({ id }) => id)).size).toBe(52);
    expect(data?.people.at(-1)).toMatchObject({ id: admin.id, roles: ['admin', 'user'] });
  });

  /** @see graphql/graphql-js#1308: a loader that outlives its request answers with what another caller may see. */
  it('shows two callers at the same time what the role of each allows', async () => {
    const user = await signUp(server);
    const rounds = Array.from({ length: 20 }, (_, index) => (index % 2 ? user : admin));
    const answers = await Promise.all(rounds.map(({ accessToken }) => people(accessToken, 20, 'id sessions { id }')));
    for (const [index, { data, errors }] of answers.entries()) {
      const shown = data?.people.map(({ sessions }) => Array.isArray(sessions));
      expect(shown).toEqual(Array.from({ length: 20 }, () => rounds[index] === admin));
      const refusals = errors.map(({ path, extensions: { code } }) => [code, ...(path ?? [])]);
      const all = Array.from({ length: 20 }, (_, row) => ['FORBIDDEN', 'people', row, 'sessions']);
      expect(refusals).toEqual(rounds[index] === admin ? [] : all);
    }
  });
});

describe('a mutation', () => {
  it('is seen by what is read after it in the same document', async () => {
    const owner = await signUpWithRoles(server, 'admin');
    const current = await logIn(server, owner.email);
    const sessions = await server.em().find(Session, { user: owner.id }, { orderBy: { id: 'desc' } });
    const { data } = await server.call(
      'mutation { before: lookAgain { sessions { id } } revokeOtherSessions after: lookAgain { sessions { id } } }',
      {},
      { token: current.accessToken },
    );
    expect(data).toEqual({
      before: { sessions: sessions.map(({ id }) => ({ id })) },
      revokeOtherSessions: 2,
      after: { sessions: [{ id: current.sessionId }] },
    });
  });
});
