/** `npm test`: every suite, or with arguments what Jest makes of them (`npm test -- test/sessions -t rotates`). */
import { ensureBuilt, ensureInstalled, ensureNode, inProject, runNode } from './setup.mjs';

const jestArguments = process.argv.slice(2);
const runsEverySuite = jestArguments.every((argument) => argument.startsWith('-'));

ensureInstalled();
await ensureNode(import.meta.url);
if (runsEverySuite) ensureBuilt();

// ESM in Jest needs Node's vm modules, in its workers too: flags in NODE_OPTIONS are inherited. A young generation of 64 MB
// holds what one test leaves, which spares some 8 % of the CPU.
const flags = [
  process.env.NODE_OPTIONS,
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=64',
];
await runNode([inProject('node_modules/jest/bin/jest.js'), ...jestArguments], {
  NODE_OPTIONS: flags.filter(Boolean).join(' '),
});
