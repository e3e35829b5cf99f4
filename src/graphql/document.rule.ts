import { type ASTVisitor, GraphQLError, type ValidationContext } from 'graphql';
import { DOCUMENT_LIMITS, type DocumentLimit } from './document-limits.js';
import { measureDocument } from './document-measure.js';

const LIMITS = Object.entries(DOCUMENT_LIMITS) as [DocumentLimit, number][];

/**
 * Refuses a document that exceeds a limit, with one error that names it. Nothing else that is wrong with such a document
 * is told: a hundred errors are what its sender wants to be calculated and sent.
 */
export function documentLimits(context: ValidationContext): ASTVisitor {
  const measured = measureDocument(context.getDocument(), context.getSchema());
  const exceeded = LIMITS.find(([name, limit]) => measured[name] > limit);
  if (exceeded) {
    const [name, limit] = exceeded;
    const message = `The document exceeds a limit: ${name}, at most ${limit}.`;
    // The extension is for the audit trail; `formatError` lets it go no further.
    context.reportError(new GraphQLError(message, { extensions: { limit: name } }));
    // The visitors of the other rules find nothing to visit: an error of theirs costs a search through the whole text.
    Object.assign(context.getDocument(), { definitions: [] });
  }
  return {};
}
