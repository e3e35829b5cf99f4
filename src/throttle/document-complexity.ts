import type { OperationDefinitionNode } from 'graphql';

// Apollo keeps the documents that clients send again and again, and measures each of them once.
const complexities = new WeakMap<OperationDefinitionNode, number>();

/** Keeps what was measured of an operation (`graphql/document.rule.ts`) for the guard that charges for it. */
export function noteComplexity(operation: OperationDefinitionNode, complexity: number): void {
  complexities.set(operation, complexity);
}

/** Every operation that is executed was measured before. */
export const complexityOf = (operation: OperationDefinitionNode): number => complexities.get(operation) ?? Infinity;
