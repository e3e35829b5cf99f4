import {
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isLeafType,
  isNonNullType,
  isObjectType,
  parse,
} from 'graphql';
import { DOCUMENT_LIMITS, type DocumentLimit } from '../../../src/graphql/document-limits.js';
import { measureDocument } from '../../../src/graphql/document-measure.js';
import type { ListSettings } from '../../../src/paging/list-bound.js';

export interface DearDocument {
  /** Such as `users.nodes.sessions.device`. */
  readonly name: string;
  readonly query: string;
  readonly complexity: number;
  /** True for a field that takes more than being signed in. */
  readonly isRefused: boolean;
}

type Field = GraphQLField<unknown, unknown>;
type Path = readonly Field[];

const MAX_PATH = 4;

/**
 * For each field of each type the greatest document that passes: on the way on which most of them can be asked for, under as many
 * aliases at both ends as the limits allow.
 */
export function dearestDocuments(
  schema: GraphQLSchema,
  settings: ListSettings,
  mayLeadOn: (field: Field) => boolean = () => true,
): DearDocument[] {
  const paths = pathsFrom(schema.getQueryType(), []).filter((path) => path.every(mayLeadOn));
  const pathsByType = Map.groupBy(paths, (path) => typeOf(path.at(-1)));
  return [...pathsByType].flatMap(([type, paths]) => {
    const [first, ...others] = leavesOf(type);
    if (!first) return [];
    const ways = paths.map((path) => ({ path, document: greatestOf(schema, settings, path, first) }));
    const [widest] = ways.sort((a, b) => b.document.complexity - a.document.complexity);
    if (!widest) return [];
    return [widest.document, ...others.map((leaf) => greatestOf(schema, settings, widest.path, leaf))];
  });
}

/** True for a field that is not for administrators. */
export const isOpen = ({ astNode }: Field): boolean =>
  astNode?.directives?.every(({ arguments: given = [] }) => given.length === 0) ?? true;

const typeOf = (field: Field | undefined): GraphQLObjectType | undefined => {
  const type = field && getNamedType(field.type);
  return isObjectType(type) ? type : undefined;
};

const leavesOf = (type: GraphQLObjectType | undefined): Field[] =>
  Object.values(type?.getFields() ?? {}).filter(({ type: of }) => isLeafType(getNamedType(of)));

/** Every way from the root to an object, without arguments that it needs, and no type twice. */
function pathsFrom(type: GraphQLObjectType | null | undefined, before: Path): Path[] {
  if (!type || before.length >= MAX_PATH) return [];
  const seen = new Set(before.map(typeOf));
  return Object.values(type.getFields())
    .filter((field) => typeOf(field) && !seen.has(typeOf(field)) && !field.args.some((arg) => isNonNullType(arg.type)))
    .flatMap((field) => [[...before, field], ...pathsFrom(typeOf(field), [...before, field])]);
}

function greatestOf(schema: GraphQLSchema, settings: ListSettings, path: Path, leaf: Field): DearDocument {
  const isRefused = !isOpen(leaf);
  const name = [...path, leaf].map((field) => field.name).join('.');
  const documents = sizes(path).flatMap((size) =>
    LEAVES.map((leaves): DearDocument => {
      const complexityOf = (roots: number) => passing(documentOf(path, leaf, roots, leaves, size), schema, settings);
      const each = complexityOf(1);
      const roots = Math.min(DOCUMENT_LIMITS.aliases - leaves, Math.floor(DOCUMENT_LIMITS.complexity / each));
      return {
        name,
        isRefused,
        query: documentOf(path, leaf, roots, leaves, size),
        complexity: roots > 0 ? complexityOf(roots) : 0,
      };
    }),
  );
  return documents.reduce((a, b) => (b.complexity > a.complexity ? b : a));
}

/** Aliases of the field; the root has the others. */
const LEAVES = [1, 5, 10, 20, 30, 40];

/** Of the page that is asked for. */
const sizes = (path: Path): number[] =>
  path.some(({ args }) => args.some(({ name }) => name === 'first')) ? [100, 10] : [0];

/** Aliases of the greatest length: the answer repeats them. */
const alias = (letter: string, index: number) => `${letter}${String(index)}`.padEnd(DOCUMENT_LIMITS.nameLength, '_');

/** The complexity of a document that passes; 0 for one that does not. */
function passing(query: string, schema: GraphQLSchema, settings: ListSettings): number {
  const measured = measureDocument(parse(query), schema, settings);
  const limits = Object.entries(DOCUMENT_LIMITS) as [DocumentLimit, number][];
  return limits.every(([limit, most]) => measured[limit] <= most) ? measured.complexity : 0;
}

const times = (count: number, make: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => make(i)).join(' ');

function documentOf([root, ...rest]: Path, leaf: Field, roots: number, leaves: number, size: number): string {
  if (!root) return '';
  const args = (field: Field) => (field.args.some(({ name }) => name === 'first') ? `(first: ${String(size)})` : '');
  const below = rest.reduceRight((inner, field) => `${field.name}${args(field)} { ${inner} }`, '...L');
  const last = typeOf(rest.at(-1) ?? root)?.name ?? '';
  return `{ ${times(roots, (i) => `${alias('r', i)}: ${root.name}${args(root)} { ...P }`)} }
    fragment P on ${typeOf(root)?.name ?? ''} { ${below} }
    fragment L on ${last} { ${times(leaves, (i) => `${alias('l', i)}: ${leaf.name}`)} }`;
}
