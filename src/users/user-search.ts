import type { EntityManager } from '@mikro-orm/core';
import { PostgreSqlPlatform, type SqlEntityManager } from '@mikro-orm/postgresql';
import { badInput } from '../common/bad-input.js';

/**
 * So many are found by each text that is looked at. What fewer letters would find could not be put in order without reading
 * all of it, and who is looked for among a million is found by more letters.
 */
const MAX_FOUND = 200;

const MAX_LENGTH = 100;

/** What follows the last separator of a text, in SQL of both engines. */
const lastPart = (text: string, separator: string) =>
  `replace(${text}, rtrim(${text}, replace(${text}, '${separator}', '')), '')`;

/** Address, its domain, name and last name. Each is an index of PostgreSQL's, in the order of bytes, which LIKE can use. */
const BEGINNINGS = ['email', lastPart('email', '@'), 'lower(name)', lastPart('lower(name)', ' ')];

/** Address and name. The index of trigrams. */
const WHOLE = `lower(email || ' ' || coalesce(name, ''))`;

/**
 * The ids of those whose address, domain, name or last name begins with the text. Where that is nobody: of those who have it
 * anywhere in address or name. Undefined for a text without letters, which looks for nobody in particular.
 *
 * @throws AppError `BAD_USER_INPUT`
 */
export async function searchUsers(em: EntityManager, search: string): Promise<string[] | undefined> {
  const text = readable(search);
  if (text === '') return undefined;
  const literal = text.replace(/[!%_]/g, '!$&');
  const collation = em.getPlatform() instanceof PostgreSqlPlatform ? ' collate "C"' : '';
  const beginning = await idsOf(
    em,
    BEGINNINGS.map((part) => whereLike(`(${part})${collation}`, true)).join(' union '),
    BEGINNINGS.map(() => `${literal}%`),
  );
  return beginning.length > 0 ? beginning : idsOf(em, whereLike(WHOLE, false), [`%${literal}%`]);
}

function whereLike(text: string, isOrdered: boolean): string {
  const order = isOrdered ? `order by ${text}, id` : '';
  return `select id from (select id from users where ${text} like ? escape '!' ${order} limit ${MAX_FOUND}) found`;
}

async function idsOf(em: EntityManager, sql: string, params: string[]): Promise<string[]> {
  // The ORM's own type does not know of SQL; both engines have this one.
  const rows = await (em as SqlEntityManager).execute<{ id: string }[]>(sql, params);
  return rows.map(({ id }) => id);
}

function readable(search: string): string {
  if (search.length > MAX_LENGTH) throw badInput('filter.search', `must not be longer than ${MAX_LENGTH} characters`);
  // PostgreSQL's texts have no NUL.
  return search.normalize('NFC').toLowerCase().replaceAll('\0', '').trim().replace(/\s+/g, ' ');
}
