/** Words and signs of a document. The parser stops there, so nothing that comes after it sees more. */
export const MAX_TOKENS = 1000;

/**
 * What one document may hold. Far above what a frontend sends, far below what keeps others waiting: `test/security/dearest-documents`
 * measures what the greatest that pass cost.
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
  /** Elements of one list, and fields of one object, in an argument, in the document and in the variables. */
  listLength: 100,
  /** UTF-16 units of one text in an argument, in the document and in the variables. The longest password has as many. */
  stringLength: 8_192,
  /**
   * UTF-16 units of one name: of an alias, variable, operation, fragment, field, argument, directive, type or enum value. The
   * answer repeats an alias for each object of a list.
   */
  nameLength: 100,
  /** `__schema` and `__type`, each of which can return the whole schema. */
  introspections: 2,
  /** Of `login`, `signup` and whatever else tries a secret (`throttle/limits.ts`), in one operation. */
  credentialOperations: 1,
  /** Fields in the answer, as far as the document tells: fragments are counted wherever they are spread. */
  complexity: 10_000,
} as const;

export type DocumentLimit = keyof typeof DOCUMENT_LIMITS;

/** How many elements a list in the answer counts for, unless `@HoldsAtMost` on its field or `first` or `last` say it. */
export const ASSUMED_LIST_LENGTH = 100;

/** So many values in a list, names of roles for example, count for one field: nothing is resolved for each. */
export const VALUES_PER_FIELD = 10;

/** What a field below the root counts for that has an access rule of its own: guards are asked, and a refusal is an error. */
export const RESTRICTED_FIELD = 5;

/** Mistakes in a document, and in its variables, that are told: more than a person mends at once. */
export const MAX_PROBLEMS = 10;

/** Errors in one answer. What is refused or fails after them is null without an error of its own. */
export const MAX_ERRORS = 100;
