/** `npm run check`: everything but the suites. Runs all checks, whatever fails, and names the failed ones at the end. */
import { spawnSync } from 'node:child_process';
import { ensureInstalled } from './setup.mjs';

const CHECKS = {
  Types: 'typecheck',
  Lint: 'lint',
  Format: 'format:check',
  'Dependency rules': 'depcruise',
  'Unused code': 'knip',
  'Schema file': 'schema:check',
  'Generated clients': 'codegen:check',
  'Size of the client': 'client:check',
  '.env.example': 'env:check',
};

ensureInstalled();
const failed = Object.entries(CHECKS).filter(([name, script]) => {
  console.log(`\n== ${name} (npm run ${script})`);
  const started = performance.now();
  const { status } = spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit' });
  console.log(`   ${status === 0 ? 'ok' : 'FAILED'}, ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return status !== 0;
});

console.log(failed.length === 0 ? '\nAll checks passed.' : `\nFailed: ${failed.map(([name]) => name).join(', ')}`);
process.exitCode = failed.length === 0 ? 0 : 1;
