import { type ASTVisitor, GraphQLError, Kind, type ValidationContext } from 'graphql';
import type { ListSettings } from '../paging/list-bound.js';
import { noteComplexity } from '../throttle/document-complexity.js';
import { DOCUMENT_LIMITS, type DocumentLimit } from './document-limits.js';
import { measureDocument } from './document-measure.js';

const LIMITS = Object.entries(DOCUMENT_LIMITS) as [DocumentLimit, number][];

/**
 * Refuses a document that exceeds a limit, with one error that names it. Nothing else that is wrong with such a document
 * is told: a hundred errors are what its sender wants to be calculated and sent.
 */
export const documentLimits =
  (settings: ListSettings) =>
  (context: ValidationContext): ASTVisitor => {
    const document = context.getDocument();
    const measured = measureDocument(document, context.getSchema(), settings);
    const exceeded = LIMITS.find(([name, limit]) => measured[name] > limit);
    if (exceeded) {
      const [name, limit] = exceeded;
      const message = `The document exceeds a limit: ${name}, at most ${limit}.`;
      // The extension is for the audit trail; `formatError` lets it go no further.
      context.reportError(new GraphQLError(message, { extensions: { limit: name } }));
      // The visitors of the other rules find nothing to visit: an error of theirs costs a search through the whole text.
      Object.assign(document, { definitions: [] });
    }
    for (const node of document.definitions) {
      if (node.kind === Kind.OPERATION_DEFINITION) noteComplexity(node, measured.complexity);
    }
    return {};
  };
