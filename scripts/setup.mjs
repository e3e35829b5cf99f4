/**
 * What `npm start` and `npm test` need before they can run: packages, the right Node, a build, a development `.env`.
 * Runs before anything is installed and on Node 20, so it uses Node's built-ins only.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** Ctrl-C reaches this process from the terminal and from npm: signals within this time are one. Milliseconds. */
const ONE_SIGNAL_MS = 1_000;

const BUILD_INPUTS = [
  'src',
  'scripts/bundle.mjs',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'package-lock.json',
];

/** @param {string} path relative to the project's root */
export function inProject(path) {
  return join(ROOT, path);
}

/** Installs the locked packages when `node_modules` is missing or holds other versions; else costs a few milliseconds. */
export function ensureInstalled() {
  if (installMatchesLock()) return;
  refuseLinkedPackages();
  const reason = existsSync(inProject('node_modules')) ? 'package-lock.json has changed' : 'first start only';
  console.log(`Installing packages (${reason}) ...`);
  // The compiler is a development package: NODE_ENV=production must not leave it out.
  const options = ['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund'];
  exitOnFailure(spawnSync('npm', options, { cwd: ROOT, stdio: 'inherit' }), 'npm ci');
}

/** `npm ci` empties the folder behind a link, which other checkouts are running from. */
function refuseLinkedPackages() {
  if (!lstatSync(inProject('node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) return;
  console.error('node_modules is a link and does not match package-lock.json: install where it points, or remove it.');
  process.exit(1);
}

/** True when npm's record of what it installed last (written at the end of an install) agrees with the lock file. */
function installMatchesLock() {
  const record = inProject('node_modules/.package-lock.json');
  if (!existsSync(record)) return false;
  const installed = readPackages(record);
  return Object.entries(readPackages(inProject('package-lock.json')))
    .filter(([path]) => path.includes('node_modules/'))
    .every(([path, locked]) => {
      const found = installed[path];
      // npm leaves out the optional packages of other platforms.
      return found ? found.version === locked.version && found.integrity === locked.integrity : locked.optional;
    });
}

function readPackages(lockFile) {
  return JSON.parse(readFileSync(lockFile, 'utf8')).packages;
}

/**
 * Returns at once on a Node that the project supports. On an older one runs the same command again on the Node that is
 * among the packages, and ends with its exit code.
 * @param {string} script `import.meta.url` of the caller
 */
export async function ensureNode(script) {
  const { engines } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  if (isAtLeast(process.versions.node, engines.node.replace('>=', ''))) return;
  await runNode([fileURLToPath(script), ...process.argv.slice(2)]);
}

function isAtLeast(version, floor) {
  return version.localeCompare(floor, 'en', { numeric: true }) >= 0;
}

/** Runs the project's own Node in place of this process: signals are passed on, and this process ends as it ended. */
export function runNode(args, env = {}) {
  const node = inProject('node_modules/node/bin/node');
  const child = spawn(node, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } });
  let passedOn = -Infinity;
  const passOn = (signal) => {
    if (performance.now() - passedOn < ONE_SIGNAL_MS) return;
    passedOn = performance.now();
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, passOn);
  child.on('exit', (code, signal) => {
    if (!signal) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
  return new Promise((_, reject) => child.on('error', reject));
}

/** Compiles `src/` when `dist/` was not made from what is there now. */
export function ensureBuilt() {
  if (!buildIsFresh()) build();
}

/** Compares contents and not times: a fresh clone or a change of branches gives every file a new time. */
function buildIsFresh() {
  const stamp = inProject('dist/.built-from');
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === hashFiles(BUILD_INPUTS);
}

export function build() {
  console.log('Building ...');
  const inputs = hashFiles(BUILD_INPUTS);
  const nest = inProject('node_modules/@nestjs/cli/bin/nest.js');
  exitOnFailure(spawnSync(process.execPath, [nest, 'build'], { cwd: ROOT, stdio: 'inherit' }), 'nest build');
  const bundle = inProject('scripts/bundle.mjs');
  exitOnFailure(spawnSync(process.execPath, [bundle], { cwd: ROOT, stdio: 'inherit' }), 'bundle.mjs');
  // The bin `latchkey` of package.json: the compiler writes files that can not be run.
  chmodSync(inProject('dist/cli/main.js'), 0o755);
  writeFileSync(inProject('dist/.built-from'), inputs);
}

/** Compiles the Apollo Client companion, which the example frontend uses as any other would: from `dist/`. */
export function buildClient() {
  const compiler = inProject('node_modules/typescript/bin/tsc');
  const options = ['--project', inProject('clients/apollo/tsconfig.build.json')];
  exitOnFailure(spawnSync(process.execPath, [compiler, ...options], { stdio: 'inherit' }), 'tsc');
}

/** One hash over the paths and contents of the given files and folders. */
function hashFiles(paths) {
  const hash = createHash('sha256');
  for (const file of paths.flatMap(listFiles).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(inProject(file)))
      .update('\0');
  }
  return hash.digest('hex');
}

function listFiles(path) {
  if (!statSync(inProject(path)).isDirectory()) return [path];
  return readdirSync(inProject(path)).flatMap((name) => listFiles(`${path}/${name}`));
}

/**
 * Writes a `.env` with fresh secrets for a developer's machine. Leaves an existing one alone, and does nothing in
 * production, where a secret that appears by itself would differ between instances and go with the container.
 */
export function ensureEnvFile() {
  const environment = process.env.NODE_ENV;
  if (environment && !['development', 'test'].includes(environment)) return;
  const secret = randomBytes(48).toString('base64url');
  const text = `# Made by the first start; .env.example lists every setting.\nJWT_SECRET=${secret}\n`;
  try {
    writeFileSync(inProject('.env'), text, { flag: 'wx', mode: 0o600 });
    console.log('Created .env with a random JWT_SECRET.');
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
}

function exitOnFailure({ status, error }, command) {
  if (status === 0) return;
  console.error(`${command} failed${error ? `: ${error.message}` : ''}.`);
  process.exit(status || 1);
}
