import { type DocumentNode, Kind, type SelectionNode, visit } from 'graphql';
import type { DocumentLimit } from './document-limits.js';

/** What is counted in the text of a document, wherever it stands. */
export type Counts = Record<
  Extract<
    DocumentLimit,
    | 'aliases'
    | 'directives'
    | 'directivesPerNode'
    | 'duplicates'
    | 'fragments'
    | 'listLength'
    | 'nameLength'
    | 'stringLength'
    | 'variables'
  >,
  number
>;

/** In one pass. */
export function countNodes(document: DocumentNode): Counts {
  const counts = {
    aliases: 0,
    directives: 0,
    directivesPerNode: 0,
    duplicates: 0,
    fragments: 0,
    listLength: 0,
    nameLength: 0,
    stringLength: 0,
    variables: 0,
  };
  visit(document, {
    enter: (node) => {
      if (node.kind === Kind.FIELD && node.alias) counts.aliases += 1;
      if (node.kind === Kind.FRAGMENT_DEFINITION) counts.fragments += 1;
      if (node.kind === Kind.VARIABLE_DEFINITION) counts.variables += 1;
      if (node.kind === Kind.SELECTION_SET) counts.duplicates += duplicatesIn(node.selections);
      if (node.kind === Kind.LIST) counts.listLength = Math.max(counts.listLength, node.values.length);
      if (node.kind === Kind.OBJECT) counts.listLength = Math.max(counts.listLength, node.fields.length);
      if (node.kind === Kind.STRING) counts.stringLength = Math.max(counts.stringLength, node.value.length);
      if (node.kind === Kind.NAME || node.kind === Kind.ENUM)
        counts.nameLength = Math.max(counts.nameLength, node.value.length);
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
