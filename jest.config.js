import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findPostgresBinaries } from './test/support/postgres-server.ts';

/** Packages and `src` are loaded once for all files of a worker (docs/adr/0039). `FRESH_MODULES=true`: for each file, as Jest does by itself. */
const modules =
  process.env.FRESH_MODULES === 'true'
    ? { testEnvironment: 'node' }
    : {
        testEnvironment: '<rootDir>/test/support/jest/kept-environment.mjs',
        runtime: '<rootDir>/test/support/jest/kept-runtime.mjs',
      };

const shared = {
  ...modules,
  extensionsToTreatAsEsm: ['.ts'],
  setupFiles: ['reflect-metadata', '<rootDir>/test/support/jest/own-errors.mjs'],
  // A file asks for `./user.js` and TypeScript's compiler has not been here: the source is `./user.ts`.
  moduleNameMapper: {
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@latchkey/apollo-client$': '<rootDir>/clients/apollo/src/index.ts',
    '^@latchkey/apollo-client/(.*)$': '<rootDir>/clients/apollo/src/$1.ts',
  },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        jsc: {
          target: 'es2024',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true },
          transform: {
            legacyDecorator: true,
            decoratorMetadata: true,
            useDefineForClassFields: true,
            verbatimModuleSyntax: true,
          },
        },
        module: { type: 'es6' },
      },
    ],
  },
};

/** The same files for each engine: `test/support/database.ts` hands out databases of `TEST_ENGINE`. */
function endToEnd(engine, options = {}) {
  return {
    ...shared,
    ...options,
    displayName: engine,
    testMatch: ['<rootDir>/test/**/*.e2e-spec.ts'],
    globals: { TEST_ENGINE: engine },
  };
}

const unit = { ...shared, displayName: 'unit', testMatch: ['<rootDir>/test/**/*.spec.ts'] };
/** Scenarios of a deployment, whose database is PostgreSQL. SQLite is killed and runs out of disk by itself. */
const OF_A_DEPLOYMENT = '(faults/(clock|growth|key-rotations|mails|one-token|races)|processes/refresh-race)';

const sqlite = endToEnd('sqlite', { testPathIgnorePatterns: ['/node_modules/', `<rootDir>/test/${OF_A_DEPLOYMENT}`] });

/** What is decided without the database, or asks nothing of it that other files do not: once is enough (docs/adr/0024). */
const NOT_OF_THE_DATABASE = [
  'access/',
  'accounts/passwords',
  'administration/(ended-impersonation|explain-access|impersonation|keys|rights\\.|step-up)',
  'audit/(log|version-before)',
  'client/',
  'cookies/',
  'errors/(error-table|masking|transport)',
  'health/stopping',
  'ide/',
  'lifecycle/(confirming|email-verification|magic-link|notices|password-reset|profile)',
  'mail/delivery',
  'passwords/imported-login',
  'schema/',
  'security/(access|connections|dearest-documents|document-limits|enumeration|graphql-cop|held-bodies|hostile-requests|http-audits|http-hygiene|jwt-attacks|mail-enumeration|owner-and-thief|request-ids|stranger|turns)',
  'telemetry/',
  'throttle/',
  'tokens/(authorization-header|forged-tokens|malformed-tokens|secret-rotation|verified-tokens)',
  'transfer/vendor-exports',
];

const postgres = endToEnd('postgres', {
  testPathIgnorePatterns: ['/node_modules/', ...NOT_OF_THE_DATABASE.map((path) => `<rootDir>/test/${path}`)],
  globalSetup: '<rootDir>/test/support/postgres-suite.mjs',
  globalTeardown: '<rootDir>/test/support/postgres-suite-end.mjs',
});

/** One server, one browser, and what users see. */
const browser = {
  ...shared,
  displayName: 'browser',
  testMatch: ['<rootDir>/test/browser/**/*.browser-spec.ts'],
  globals: { TEST_ENGINE: 'sqlite' },
  globalSetup: '<rootDir>/test/support/browser-suite.mjs',
};

function canRunBrowser() {
  if (existsSync(process.env.CHROMIUM ?? '/usr/bin/chromium')) return true;
  return stayAway("The browser suite is skipped: it needs Debian's package chromium.");
}

function canRunPostgres() {
  const hasPostgres = /^postgres(ql)?:/.test(process.env.DATABASE_URL ?? '') || findPostgresBinaries();
  if (hasPostgres && spawnSync('redis-server', ['--version']).status === 0) return true;
  return stayAway("The postgres suite is skipped: it needs Debian's packages postgresql and redis-server.");
}

/** On CI a suite that silently stays away would look like one that passed. */
function stayAway(reason) {
  console.error(reason);
  if (process.env.CI === 'true') process.exit(1);
  return false;
}

export default {
  projects: [unit, sqlite, ...(canRunPostgres() ? [postgres] : []), ...(canRunBrowser() ? [browser] : [])],
  // Ends a test that hangs. How fast the machine is must not decide.
  testTimeout: 120_000,
  maxWorkers: '100%',
  // Each file loads the whole server into a fresh module graph, which V8 is slow to give back.
  workerIdleMemoryLimit: '4GB',
};
