import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isLeafType,
  isListType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { hasAuthDirective } from '../access/auth.directive.js';
import { type ListSettings, listBoundOf } from '../paging/list-bound.js';
import { DEFAULT_PAGE_SIZE } from '../paging/page-request.js';
import { workOf } from '../paging/work.js';
import { isCredentialOperation } from '../throttle/limits.js';
import { countNodes } from './document-counts.js';
import {
  ASSUMED_LIST_LENGTH,
  DOCUMENT_LIMITS,
  type DocumentLimit,
  RESTRICTED_FIELD,
  VALUES_PER_FIELD,
} from './document-limits.js';

export type DocumentMeasure = Record<DocumentLimit, number>;

/** Measures a document, valid or not, in one pass over its text and one over its operations. Linear in its length. */
export function measureDocument(
  document: DocumentNode,
  schema: GraphQLSchema,
  settings: ListSettings,
): DocumentMeasure {
  return { ...countNodes(document), ...new OperationMeter(document, schema, settings).greatest() };
}

/** What one selection set amounts to, with its fragments in their places. */
interface Extent {
  depth: number;
  complexity: number;
  /** Its own fields, not those further down. */
  fields: number;
  credentials: number;
  introspections: number;
}

const NOTHING: Extent = { depth: 0, complexity: 0, fields: 0, credentials: 0, introspections: 0 };

function sum(a: Extent, b: Extent): Extent {
  return {
    depth: Math.max(a.depth, b.depth),
    complexity: a.complexity + b.complexity,
    fields: a.fields + b.fields,
    credentials: a.credentials + b.credentials,
    introspections: a.introspections + b.introspections,
  };
}

class OperationMeter {
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Each fragment is measured once, however often it is spread. One that is being measured counts as empty: a cycle. */
  private readonly extents = new Map<string, Extent>();

  constructor(
    private readonly document: DocumentNode,
    private readonly schema: GraphQLSchema,
    private readonly settings: ListSettings,
  ) {
    const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
    this.fragments = new Map(fragments.map((node) => [node.name.value, node]));
  }

  /** Of all operations the greatest of each. */
  greatest() {
    const extents = this.document.definitions
      .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
      .map((node) => this.ofSet(node.selectionSet, this.schema.getRootType(node.operation) ?? undefined, undefined));
    const most = (key: keyof Extent) => Math.max(0, ...extents.map((extent) => extent[key]));
    return {
      depth: most('depth'),
      rootFields: most('fields'),
      introspections: most('introspections'),
      credentialOperations: most('credentials'),
      complexity: most('complexity'),
    };
  }

  /** @param page the length of the lists directly below, which are those of a connection */
  private ofSet({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined, page?: number): Extent {
    return selections.map((node) => this.ofSelection(node, type, page)).reduce(sum, NOTHING);
  }

  private ofSelection(node: SelectionNode, type: GraphQLNamedType | undefined, page?: number): Extent {
    switch (node.kind) {
      case Kind.FIELD:
        return this.ofField(node, type, page);
      case Kind.INLINE_FRAGMENT: {
        const condition = node.typeCondition && this.schema.getType(node.typeCondition.name.value);
        return this.ofSet(node.selectionSet, condition ?? type, page);
      }
      case Kind.FRAGMENT_SPREAD:
        return this.ofFragment(node.name.value, page);
    }
  }

  private ofFragment(name: string, page?: number): Extent {
    const fragment = this.fragments.get(name);
    const key = `${name} ${String(page)}`;
    const known = this.extents.get(key);
    if (!fragment || known) return known ?? NOTHING;
    this.extents.set(key, NOTHING);
    const extent = this.ofSet(fragment.selectionSet, this.schema.getType(fragment.typeCondition.name.value), page);
    this.extents.set(key, extent);
    return extent;
  }

  private ofField(node: FieldNode, parent: GraphQLNamedType | undefined, page?: number): Extent {
    const name = node.name.value;
    const isIntrospection = name === '__schema' || name === '__type';
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    const isMutation = parent === this.schema.getMutationType();
    const own = {
      ...NOTHING,
      depth: 1,
      complexity: this.ofFieldAlone(field, parent) + (field ? workOfArguments(node, field) : 0),
      fields: 1,
      credentials: isMutation && isCredentialOperation(name) ? 1 : 0,
      introspections: isIntrospection ? 1 : 0,
    };
    if (!node.selectionSet) return own;
    const size = field && pageSize(node, field);
    const isList = field !== undefined && isListField(field);
    // A list that is paged by itself is no connection: what is below it are its elements.
    const inner = this.ofSet(node.selectionSet, field && getNamedType(field.type), isList ? undefined : size);
    const factor = isList ? (size ?? page ?? this.lengthOf(field)) : 1;
    return {
      ...own,
      depth: 1 + inner.depth,
      // How much of the schema introspection may ask for is a rule of GraphQL.js (MaxIntrospectionDepthRule).
      complexity: isIntrospection ? 1 : own.complexity + factor * inner.complexity,
    };
  }

  /** What a field counts for without what is selected below it. */
  private ofFieldAlone(field: Field | undefined, parent: GraphQLNamedType | undefined): number {
    if (!field) return 1;
    const isNested = parent !== this.schema.getQueryType() && parent !== this.schema.getMutationType();
    const values = isLeafType(getNamedType(field.type)) && isListField(field) ? this.lengthOf(field) : 0;
    const alone = isNested && hasAuthDirective(field) ? RESTRICTED_FIELD : 1;
    return alone + workOf(field) + Math.ceil(values / VALUES_PER_FIELD);
  }

  /** Of one object it is 1. */
  private lengthOf(field: Field | undefined): number {
    if (!field || !isListField(field)) return 1;
    return listBoundOf(field, this.settings) ?? ASSUMED_LIST_LENGTH;
  }
}

type Field = GraphQLField<unknown, unknown>;

const isListField = (field: Field): boolean => isListType(getNullableType(field.type));

/** What the fields of its input count for. Those of a variable are not known yet: it may hold all of them. */
function workOfArguments({ arguments: given = [] }: FieldNode, { args }: Field): number {
  const works = given.flatMap(({ name, value }) => {
    const type = getNamedType(args.find((arg) => arg.name === name.value)?.type);
    const fields = isInputObjectType(type) ? Object.values(type.getFields()) : [];
    const named = value.kind === Kind.OBJECT ? value.fields.map((it) => it.name.value) : undefined;
    return fields.filter((field) => named?.includes(field.name) ?? true).map(workOf);
  });
  return works.reduce((one, other) => one + other, 0);
}

const PAGE_SIZES: ReadonlySet<string> = new Set(['first', 'last']);

/** Of a field that is paged, as Relay's connections are: the lists directly below it have that many elements. */
function pageSize({ arguments: given = [] }: FieldNode, { args }: Field): number | undefined {
  if (!args.some(({ name }) => PAGE_SIZES.has(name))) return undefined;
  const sizes = given
    .filter(({ name }) => PAGE_SIZES.has(name.value))
    .map(({ value }) => (value.kind === Kind.INT ? Math.max(1, Number(value.value)) : DOCUMENT_LIMITS.listLength));
  return sizes.length > 0 ? Math.max(...sizes) : DEFAULT_PAGE_SIZE;
}
