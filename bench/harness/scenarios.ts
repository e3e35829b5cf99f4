import type { Visitor } from './client.ts';

/** Something that users ask for, over and over. */
export interface Scenario {
  readonly name: string;
  /** As many as take a server about half a second. */
  readonly requests: number;
  /** How many of the audience take part, from the first, who is the administrator; all when it says nothing. */
  readonly visitors?: number;
  readonly ask: (visitor: Visitor) => Promise<unknown>;
}

const query = (name: string, requests: number, document: string): Scenario => ({
  name,
  requests,
  visitors: 16,
  ask: (visitor) => visitor.ask(document),
});

const typename = query('{ __typename }', 2_000, '{ __typename }');
export const me = query('me', 1_500, 'query Me { me { id email name createdAt roles } }');
const restricted = query(
  'me, a restricted field',
  1_200,
  'query Me { me { id email name createdAt roles permissions } }',
);
export const refresh: Scenario = { name: 'refresh', requests: 600, ask: (visitor) => visitor.refresh() };
export const login: Scenario = { name: 'login', requests: 400, ask: (visitor) => visitor.login() };
export const usersPage = (size: number): Scenario => ({
  ...query(
    `users(first: ${size})`,
    300,
    `query Users { users(first: ${size}) { nodes { id email name createdAt roles } pageInfo { hasNextPage endCursor } } }`,
  ),
  visitors: 1,
});
const users = usersPage(20);

export const requestScenarios: readonly Scenario[] = [typename, me, restricted, refresh, users];
