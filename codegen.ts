import type { CodegenConfig } from '@graphql-codegen/cli';

/** What a frontend copies: typed operations, and the enums of the errors. `npx graphql-codegen` tries it out here. */
const config: CodegenConfig = {
  schema: './schema.gql',
  documents: './examples/operations/*.graphql',
  generates: {
    './dist/client/': { preset: 'client' },
    // The preset leaves out what no operation mentions: ErrorCode, ErrorReason, ErrorAction.
    './dist/client/schema.ts': { plugins: ['typescript'] },
  },
  config: {
    strictScalars: true,
    scalars: { DateTime: 'string', JSON: 'unknown' },
    useTypeImports: true,
    enumsAsTypes: true,
  },
};

export default config;
