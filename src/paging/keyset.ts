import type { EntityClass, EntityManager, FilterQuery, FindOptions } from '@mikro-orm/core';
import * as z from 'zod';
import { badInput } from '../common/bad-input.js';
import { momentOf } from '../common/moment.js';
import type { PageInfo } from './page-info.model.js';
import type { PageRequest } from './page-request.js';

/** An order in which every row has a place of its own: by `property`, and those that are equal by their id. */
export interface Keyset<T> {
  readonly property: keyof T & string;
  readonly direction: 'asc' | 'desc';
  /** Reads what a cursor says of the property. */
  readonly value: z.ZodType;
  /** Rows without a value come last, by their id, whatever the direction. */
  readonly isNullable?: true;
}

/** The value of a cursor for properties that are moments. */
export const cursorMoment = z.string().transform(momentOf).pipe(z.date());

export interface Page<T> {
  readonly nodes: T[];
  readonly edges: { readonly cursor: string; readonly node: T }[];
  readonly pageInfo: PageInfo;
}

/** The row that a cursor stands for, by what it is ordered by. */
interface Position {
  readonly value: unknown;
  readonly id: string;
}

/**
 * One page of a list. By keyset, not by offset: a page costs the same wherever it is in the list, and rows that are added
 * meanwhile move none to the neighbour. (MikroORM's `findByCursor` does as much, but asks for rows with and without a value at
 * once, and then reads all that come before the page.)
 *
 * @throws AppError `BAD_USER_INPUT` for a cursor that was not made by this order
 */
export async function findPage<T extends { id: string }>(
  em: EntityManager,
  entity: EntityClass<T>,
  where: FilterQuery<T>,
  keyset: Keyset<T>,
  page: PageRequest,
): Promise<Page<T>> {
  const position = page.cursor === undefined ? undefined : decode(page.cursor, keyset, page.isBackward);
  const found: T[] = [];
  for (const part of partsFrom(keyset, position, page.isBackward)) {
    // One more than asked for tells whether there are more.
    const limit = page.size + 1 - found.length;
    if (limit > 0) found.push(...(await findPart(em, entity, { where, keyset, page, limit, ...part })));
  }
  const hasMore = found.length > page.size;
  const nodes = found.slice(0, page.size);
  if (page.isBackward) nodes.reverse();
  const edges = nodes.map((node) => ({ cursor: encode(node, keyset), node }));
  const hasOther = position !== undefined;
  const pageInfo = {
    hasNextPage: page.isBackward ? hasOther : hasMore,
    hasPreviousPage: page.isBackward ? hasMore : hasOther,
    startCursor: edges[0]?.cursor ?? null,
    endCursor: edges.at(-1)?.cursor ?? null,
  };
  return { nodes, edges, pageInfo };
}

/** Rows with a value, or those without: no range of an index holds both. */
interface Part {
  readonly isNull: boolean;
  /** Only what comes after it. */
  readonly position: Position | undefined;
}

/** What is to be read, in the order of reading, from the position on. */
function partsFrom<T>({ isNullable }: Keyset<T>, position: Position | undefined, isBackward: boolean): Part[] {
  const kinds = isNullable ? [false, true] : [false];
  if (isBackward) kinds.reverse();
  const begin = position ? kinds.indexOf(position.value === null) : 0;
  return kinds.slice(begin).map((isNull, index) => ({ isNull, position: index === 0 ? position : undefined }));
}

interface PartQuery<T> extends Part {
  readonly where: FilterQuery<T>;
  readonly keyset: Keyset<T>;
  readonly page: PageRequest;
  readonly limit: number;
}

/** In the order of reading: of a page that is asked for from the end, the last row comes first. */
async function findPart<T extends { id: string }>(
  em: EntityManager,
  entity: EntityClass<T>,
  { where, keyset, page, limit, isNull, position }: PartQuery<T>,
): Promise<T[]> {
  const { property, direction, isNullable } = keyset;
  const isDescending = (direction === 'desc') !== page.isBackward;
  const way = isDescending ? 'desc' : 'asc';
  const past = isDescending ? '$lt' : '$gt';
  const orderBy = isNull ? [{ id: way }] : [{ [property]: way }, { id: way }];
  const conditions: object[] = [where as object];
  if (isNullable) conditions.push({ [property]: isNull ? null : { $ne: null } });
  if (position && isNull) conditions.push({ id: { [past]: position.id } });
  // "At or past" is the range of the index; what is equal is told apart by its id.
  if (position && !isNull) {
    conditions.push({ [property]: { [`${past}e`]: position.value } });
    conditions.push({ $or: [{ [property]: { [past]: position.value } }, { id: { [past]: position.id } }] });
  }
  const order = orderBy as NonNullable<FindOptions<T>['orderBy']>;
  return em.find(entity, { $and: conditions } as FilterQuery<T>, { orderBy: order, limit });
}

function encode<T extends { id: string }>(row: T, { property }: Keyset<T>): string {
  return Buffer.from(JSON.stringify([row[property] ?? null, row.id])).toString('base64url');
}

function decode<T>(cursor: string, { value, isNullable }: Keyset<T>, isBackward: boolean): Position {
  const schema = z.tuple([isNullable ? value.nullable() : value, z.uuid()]);
  const { data } = schema.safeParse(parse(cursor));
  if (!data) throw badInput(isBackward ? 'before' : 'after', 'must be a cursor of this list in this order');
  return { value: data[0], id: data[1] };
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
