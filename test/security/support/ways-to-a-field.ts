import {
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  print,
  type SelectionNode,
  visit,
} from 'graphql';

/** One way to ask for a field: a document, its variables, and where the field's value is in the answer. */
export interface Way {
  readonly name: string;
  readonly document: string;
  readonly variables: Record<string, unknown>;
  readonly path: readonly (string | number)[];
  /** False where the document says that the field is not to be executed. */
  readonly isExecuted: boolean;
}

interface Target {
  readonly document: string;
  readonly path: readonly (string | number)[];
  readonly type?: string;
}

const ALIAS = 'otherName';

/**
 * Every way that GraphQL knows to ask for the same field. `path` leads to the field from the root: `me`, `lastLoginAt`.
 */
export function waysTo({ document, path, type: parent = 'User' }: Target): Way[] {
  const ast = parse(document);
  const field = String(path.at(-1));
  const type = path.length === 1 ? rootTypeOf(ast) : parent;
  const aliased = [...path.slice(0, -1), ALIAS];
  const way = (name: string, changed: DocumentNode | string, facts: Partial<Way> = {}): Way => ({
    name,
    document: typeof changed === 'string' ? changed : print(changed),
    variables: {},
    path,
    isExecuted: true,
    ...facts,
  });
  const wrapped = (wrap: (node: FieldNode) => SelectionNode) => replace(ast, field, wrap);
  const withCondition = (directive: 'include' | 'skip', value: boolean) =>
    print(replace(ast, field, (node) => conditional(node, directive))).replace(
      /^(query|mutation)?\s*\{/,
      (_, kind: string | undefined) => `${kind ?? 'query'} ($flag: Boolean = ${String(!value)}) {`,
    );
  return [
    way('directly', ast),
    way(
      'by alias',
      wrapped((node) => ({ ...node, alias: nameNode(ALIAS) })),
      { path: aliased },
    ),
    way(
      'in an inline fragment',
      wrapped((node) => inline(node, type)),
    ),
    way(
      'in an inline fragment without a type',
      wrapped((node) => inline(node)),
    ),
    way(
      'in three inline fragments',
      wrapped((node) => inline(inline(inline(node, type)), type)),
    ),
    way('in a fragment', inFragment(ast, field, type)),
    way('in a fragment of a fragment', inFragment(ast, field, type, true)),
    way('with @include by a variable', withCondition('include', true), { variables: { flag: true } }),
    way('with @skip by a variable', withCondition('skip', false), { variables: { flag: false } }),
    way('not at all: @include', withCondition('include', true), { variables: { flag: false }, isExecuted: false }),
    way('not at all: @skip', withCondition('skip', false), { variables: { flag: true }, isExecuted: false }),
  ];
}

function rootTypeOf(ast: DocumentNode): string {
  return operationOf(ast).operation === OperationTypeNode.MUTATION ? 'Mutation' : 'Query';
}

function operationOf(ast: DocumentNode): OperationDefinitionNode {
  const operation = ast.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('The document has no operation');
  return operation;
}

const nameNode = (value: string) => ({ kind: Kind.NAME, value }) as const;

function replace(ast: DocumentNode, field: string, wrap: (node: FieldNode) => SelectionNode): DocumentNode {
  let isDone = false;
  return visit(ast, {
    Field: {
      leave: (node) => {
        if (isDone || node.name.value !== field) return undefined;
        isDone = true;
        return wrap(node);
      },
    },
  });
}

function inline(node: SelectionNode, type?: string): SelectionNode {
  return {
    kind: Kind.INLINE_FRAGMENT,
    selectionSet: { kind: Kind.SELECTION_SET, selections: [node] },
    ...(type !== undefined && { typeCondition: { kind: Kind.NAMED_TYPE, name: nameNode(type) } }),
  };
}

function conditional(node: FieldNode, directive: string): FieldNode {
  const value = { kind: Kind.VARIABLE, name: nameNode('flag') } as const;
  const argument = { kind: Kind.ARGUMENT, name: nameNode('if'), value } as const;
  return { ...node, directives: [{ kind: Kind.DIRECTIVE, name: nameNode(directive), arguments: [argument] }] };
}

function inFragment(ast: DocumentNode, field: string, type: string, isNested = false): string {
  let moved = '';
  const spread = replace(ast, field, (node) => {
    moved = print(node);
    return { kind: Kind.FRAGMENT_SPREAD, name: nameNode('Outer') };
  });
  const outer = isNested ? `{ ...Inner } fragment Inner on ${type} { ${moved} }` : `{ ${moved} }`;
  return `${print(spread)} fragment Outer on ${type} ${outer}`;
}
