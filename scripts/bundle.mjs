/**
 * The second half of `npm run build`: joins what the compiler wrote to `build/` and the packages that it uses into the few
 * files of `dist/`. A server has some 3,500 modules, and to find and read each of them takes longer than to run it.
 */
import { rmSync } from 'node:fs';
import { build } from 'esbuild';
import { inProject } from './setup.mjs';

/**
 * These stay where they are installed: native code, threads, files of their own, what has to have run before all else
 * (`reflect-metadata`), and what Node warns of outside of `node_modules` (`parseurl`).
 */
const INSTALLED = [
  '@node-rs/argon2',
  'altair-static',
  'bcrypt',
  'better-sqlite3',
  'parseurl',
  'pino',
  'pino-pretty',
  'reflect-metadata',
];

/** What CommonJS packages expect to find around them. */
const COMMONJS = `import { createRequire as createRequire_ } from 'node:module';
const require = createRequire_(import.meta.url);
const { filename: __filename, dirname: __dirname } = import.meta;`;

const packages = {
  name: 'packages',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, pluginData, ...options }) => {
      if (pluginData === packages) return undefined;
      // Nest asks for the whole of these when it is not given what it needs of them (`graphql/validation.pipe.ts`).
      if (options.kind === 'dynamic-import' && /^class-/.test(path)) return { path, external: true };
      const found = await resolve(path, { ...options, pluginData: packages });
      // Packages ask for others that may or may not be there, and go without.
      if (found.errors.length > 0) return { path, external: true };
      // There must be one `graphql`, whichever of its two kinds of modules is asked for.
      if (/^graphql($|\/)/.test(path)) return { path: found.path.replace(/\.js$/, '.mjs') };
      return undefined;
    });
  },
};

rmSync(inProject('dist'), { recursive: true, force: true });
await build({
  absWorkingDir: inProject('.'),
  entryPoints: { main: 'build/main.js', 'cli/main': 'build/cli/main.js', 'cli/schema': 'build/cli/schema.js' },
  outdir: 'dist',
  // One folder below `dist/`, as all modules of `src/` are that read a file beside it (`../../assets`).
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  // Of a package in ECMAScript modules only what is used comes along.
  mainFields: ['module', 'main'],
  target: 'node22',
  external: INSTALLED,
  banner: { js: COMMONJS },
  // Nest and MikroORM know classes by their names.
  keepNames: true,
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  plugins: [packages],
  logLevel: 'error',
});
