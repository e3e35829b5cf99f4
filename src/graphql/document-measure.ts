import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import { isCredentialOperation } from '../throttle/limits.js';
import { ASSUMED_LIST_LENGTH, DOCUMENT_LIMITS, type DocumentLimit } from './document-limits.js';

export type DocumentMeasure = Record<DocumentLimit, number>;

/** Measures a document, valid or not, in one pass over its text and one over its operations. Linear in its length. */
export function measureDocument(document: DocumentNode, schema: GraphQLSchema): DocumentMeasure {
  return { ...countNodes(document), ...new OperationMeter(document, schema).greatest() };
}

type Counts = Pick<
  DocumentMeasure,
  'aliases' | 'directives' | 'directivesPerNode' | 'duplicates' | 'fragments' | 'listLength' | 'variables'
>;

function countNodes(document: DocumentNode): Counts {
  const counts = {
    aliases: 0,
    directives: 0,
    directivesPerNode: 0,
    duplicates: 0,
    fragments: 0,
    listLength: 0,
    variables: 0,
  };
  visit(document, {
    enter: (node) => {
      if (node.kind === Kind.FIELD && node.alias) counts.aliases += 1;
      if (node.kind === Kind.FRAGMENT_DEFINITION) counts.fragments += 1;
      if (node.kind === Kind.VARIABLE_DEFINITION) counts.variables += 1;
      if (node.kind === Kind.SELECTION_SET) counts.duplicates += duplicatesIn(node.selections);
      if (node.kind === Kind.LIST) counts.listLength = Math.max(counts.listLength, node.values.length);
      if (node.kind === Kind.DIRECTIVE) counts.directives += 1;
      if ('directives' in node) counts.directivesPerNode = Math.max(counts.directivesPerNode, node.directives.length);
    },
  });
  return counts;
}

function duplicatesIn(selections: readonly SelectionNode[]): number {
  const names = selections.flatMap((node) => (node.kind === Kind.FIELD ? [(node.alias ?? node.name).value] : []));
  return names.length - new Set(names).size;
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
  ) {
    const fragments = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
    this.fragments = new Map(fragments.map((node) => [node.name.value, node]));
  }

  /** Of all operations the greatest of each. */
  greatest() {
    const extents = this.document.definitions
      .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
      .map((node) => this.ofSet(node.selectionSet, this.schema.getRootType(node.operation) ?? undefined, false));
    const most = (key: keyof Extent) => Math.max(0, ...extents.map((extent) => extent[key]));
    return {
      depth: most('depth'),
      rootFields: most('fields'),
      introspections: most('introspections'),
      credentialOperations: most('credentials'),
      complexity: most('complexity'),
    };
  }

  private ofSet({ selections }: SelectionSetNode, type: GraphQLNamedType | undefined, isPage: boolean): Extent {
    return selections.map((node) => this.ofSelection(node, type, isPage)).reduce(sum, NOTHING);
  }

  private ofSelection(node: SelectionNode, type: GraphQLNamedType | undefined, isPage: boolean): Extent {
    switch (node.kind) {
      case Kind.FIELD:
        return this.ofField(node, type, isPage);
      case Kind.INLINE_FRAGMENT: {
        const condition = node.typeCondition && this.schema.getType(node.typeCondition.name.value);
        return this.ofSet(node.selectionSet, condition ?? type, isPage);
      }
      case Kind.FRAGMENT_SPREAD:
        return this.ofFragment(node.name.value, isPage);
    }
  }

  private ofFragment(name: string, isPage: boolean): Extent {
    const fragment = this.fragments.get(name);
    const key = `${name} ${String(isPage)}`;
    const known = this.extents.get(key);
    if (!fragment || known) return known ?? NOTHING;
    this.extents.set(key, NOTHING);
    const extent = this.ofSet(fragment.selectionSet, this.schema.getType(fragment.typeCondition.name.value), isPage);
    this.extents.set(key, extent);
    return extent;
  }

  private ofField(node: FieldNode, parent: GraphQLNamedType | undefined, isPage: boolean): Extent {
    const name = node.name.value;
    const own = { ...NOTHING, depth: 1, complexity: 1, fields: 1 };
    if (parent === this.schema.getMutationType() && isCredentialOperation(name)) own.credentials = 1;
    // How much of the schema introspection may ask for is a rule of GraphQL.js (MaxIntrospectionDepthRule).
    const isIntrospection = name === '__schema' || name === '__type';
    if (isIntrospection) own.introspections = 1;
    if (!node.selectionSet) return own;
    const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined;
    const page = pageSize(node);
    const inner = this.ofSet(node.selectionSet, field && getNamedType(field.type), page !== undefined);
    const factor = page ?? (isListField(field) && !isPage ? ASSUMED_LIST_LENGTH : 1);
    return {
      ...own,
      depth: 1 + inner.depth,
      complexity: isIntrospection ? 1 : 1 + factor * inner.complexity,
    };
  }
}

function isListField(field: GraphQLField<unknown, unknown> | undefined): boolean {
  return field !== undefined && isListType(getNullableType(field.type));
}

/** Of a field that is paged, as Relay's connections are: the lists directly below it have that many elements. */
function pageSize({ arguments: args = [] }: FieldNode): number | undefined {
  const value = args.find(({ name }) => name.value === 'first' || name.value === 'last')?.value;
  if (!value) return undefined;
  return value.kind === Kind.INT ? Math.max(1, Number(value.value)) : DOCUMENT_LIMITS.listLength;
}
