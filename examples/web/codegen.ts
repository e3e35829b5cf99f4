import type { CodegenConfig } from '@graphql-codegen/cli';

/** Typed documents of `src/operations.graphql`. Another frontend needs `schema.gql` for it, and no running server. */
const config: CodegenConfig = {
  schema: '../../schema.gql',
  documents: './src/operations.graphql',
  generates: {
    './src/operations.generated.ts': { plugins: ['typescript-operations', 'typed-document-node'] },
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
