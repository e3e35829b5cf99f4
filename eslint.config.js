import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const PROCESS_ENV = {
  object: 'process',
  property: 'env',
  message: 'src/config is the only reader of the environment: take a slice of Env.',
};
const MATH_RANDOM = { object: 'Math', property: 'random', message: 'It can be guessed: take bytes from node:crypto.' };

const SYSTEM_TIME = [
  "NewExpression[callee.name='Date'][arguments.length=0]",
  "CallExpression[callee.object.name='Date'][callee.property.name='now']",
].map((selector) => ({ selector, message: 'Only Clock reads the time, so that a test can move it.' }));

/** What a tree of modules does without: each of them hides a cycle or a dependency from the constructor. */
const HIDDEN_DEPENDENCIES = [
  { name: '@nestjs/common', importNames: ['forwardRef'], message: 'Move the shared part down a layer.' },
  { name: '@nestjs/core', importNames: ['ModuleRef'], message: 'Name the dependency in the constructor.' },
];

export default defineConfig(
  globalIgnores(['build/', '**/dist/', '**/*.generated.ts', 'coverage/', 'data/', 'test-results/']),
  js.configs.recommended,
  { rules: { eqeqeq: 'error' } },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Leaves files with decorators alone: a class that Nest injects has to be a value import.
      '@typescript-eslint/consistent-type-imports': 'error',
      // Nest's modules are empty classes that carry a decorator.
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Express types its request by merging declarations into its namespace.
      '@typescript-eslint/no-namespace': ['error', { allowDeclarations: true }],
      '@typescript-eslint/no-empty-object-type': ['error', { allowInterfaces: 'with-single-extends' }],
      // Options of Nest and models of GraphQL are declared as classes and written as literals.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Spreading a string counts its code points, which is what a length limit on text is about.
      '@typescript-eslint/no-misused-spread': ['error', { allow: ['string'] }],
      // `async` is also how a method keeps the promise of its interface, or turns a throw into a rejection.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['src/**/*.ts'],
    rules: {
      'max-lines': ['error', 200],
      'max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      'no-restricted-imports': ['error', { paths: HIDDEN_DEPENDENCIES }],
      'no-restricted-properties': ['error', PROCESS_ENV, MATH_RANDOM],
      'no-restricted-syntax': ['error', ...SYSTEM_TIME],
    },
  },
  {
    files: ['clients/*/src/**/*.ts', 'examples/web/src/**/*.{ts,tsx}'],
    rules: {
      'max-lines': ['error', 200],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
    },
  },
  { files: ['src/database/migrations/**/*.ts'], rules: { 'max-lines-per-function': 'off' } },
  { files: ['src/common/clock.ts'], rules: { 'no-restricted-syntax': 'off' } },
  { files: ['src/config/**/*.ts'], rules: { 'no-restricted-properties': ['error', MATH_RANDOM] } },
  {
    // The commands talk to a person at a terminal.
    files: ['src/cli/**/*.ts'],
    rules: { 'no-console': 'off', 'no-restricted-properties': ['error', MATH_RANDOM] },
  },
  {
    // A response's body is `any`, and the assertion that follows says what it has to be.
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: {
        console: 'readonly',
        module: 'writable',
        performance: 'readonly',
        process: 'readonly',
        URL: 'readonly',
      },
    },
  },
);
