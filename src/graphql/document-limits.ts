/** Words and signs of a document. The parser stops there, so nothing that comes after it sees more. */
export const MAX_TOKENS = 1000;

/**
 * What one document may hold. Far above what a frontend sends, far below what costs time: the greatest document that
 * passes is answered in milliseconds (test/security/documents.e2e-spec.ts measures it).
 */
export const DOCUMENT_LIMITS = {
  /** Fields inside each other. The introspection query of GraphQL.js needs 13. */
  depth: 15,
  aliases: 50,
  /** Fields of Query or Mutation in one operation, those of fragments included. */
  rootFields: 50,
  /** On one field, fragment or operation. */
  directivesPerNode: 5,
  directives: 50,
  /** Fields that are selected again, under the same name, beside themselves. */
  duplicates: 20,
  fragments: 50,
  variables: 50,
  /** Elements of one list in an argument, in the document and in the variables. */
  listLength: 100,
  /** `__schema` and `__type`, each of which can return the whole schema. */
  introspections: 2,
  /** Of `login`, `signup` and whatever else tries a secret (`throttle/limits.ts`), in one operation. */
  credentialOperations: 1,
  /** Fields in the answer, as far as the document tells: fragments are counted wherever they are spread. */
  complexity: 10_000,
} as const;

export type DocumentLimit = keyof typeof DOCUMENT_LIMITS;

/** How many elements a list in the answer counts for, unless `first` or `last` say it. */
export const ASSUMED_LIST_LENGTH = 10;
