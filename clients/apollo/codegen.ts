import type { CodegenConfig } from '@graphql-codegen/cli';

/** The operations of `src/operations.graphql` and the enums of the errors, typed by the schema of the server. */
const config: CodegenConfig = {
  schema: '../../schema.gql',
  documents: './src/operations.graphql',
  generates: {
    './src/operations.generated.ts': { plugins: ['typescript-operations', 'typed-document-node'] },
    './src/enums.generated.ts': {
      plugins: ['typescript'],
      config: { onlyEnums: true, enumsAsTypes: false, enumsAsConst: true, namingConvention: { enumValues: 'keep' } },
    },
  },
  config: {
    strictScalars: true,
    scalars: { DateTime: 'string', JSON: 'unknown' },
    useTypeImports: true,
    enumsAsTypes: true,
    documentMode: 'graphQLTag',
    gqlImport: '@apollo/client#gql',
    documentNodeImport: '@apollo/client#TypedDocumentNode',
  },
};

export default config;
