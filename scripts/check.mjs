/** `npm run check`: everything but the suites. Runs all checks, whatever fails, and names the failed ones at the end. */
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { text } from 'node:stream/consumers';
import { ensureBuilt, ensureInstalled, ensureNode } from './setup.mjs';

/** The longest first: so many run side by side as there are cores. */
const CHECKS = {
  Lint: 'lint',
  Types: 'typecheck',
  'Schema file': 'schema:check',
  Format: 'format:check',
  'Generated clients': 'codegen:check',
  'Size of the client': 'client:check',
  'Dependency rules': 'depcruise',
  'Unused code': 'knip',
  '.env.example': 'env:check',
};

ensureInstalled();
await ensureNode(import.meta.url);
// More than one check wants it, and they must not all make it.
ensureBuilt();

const waiting = Object.entries(CHECKS);
const failed = [];
await Promise.all(Array.from({ length: availableParallelism() }, work));
console.log(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;

async function work() {
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const [name, script] = next;
    const started = performance.now();
    const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] });
    const exited = new Promise((resolve) => child.on('close', resolve));
    const [output, complaints, status] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`\n== ${name} (npm run ${script}): ${status === 0 ? 'ok' : 'FAILED'}, ${seconds} s`);
    if (output + complaints) console.log((output + complaints).trimEnd());
    if (status !== 0) failed.push(name);
  }
}
