import { buildSchema, type DefinitionNode, Kind, type OperationDefinitionNode, parse, validate } from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import { readFileSync } from 'node:fs';
import { exampleOperations } from '../../src/ide/example-operations.js';

const schema = buildSchema(readFileSync(new URL('../../schema.gql', import.meta.url), 'utf8'));

describe('the ready-made operations of the playground', () => {
  it.each(exampleOperations)('$initialName: is valid, with its variables', ({ initialQuery, initialVariables }) => {
    const document = parse(initialQuery ?? '');
    expect(validate(schema, document)).toEqual([]);

    const [operation] = document.definitions.filter(isOperation);
    const variables = JSON.parse(initialVariables ?? '') as Record<string, unknown>;
    expect(getVariableValues(schema, operation?.variableDefinitions ?? [], variables).errors).toBeUndefined();
  });
});

function isOperation(node: DefinitionNode): node is OperationDefinitionNode {
  return node.kind === Kind.OPERATION_DEFINITION;
}
