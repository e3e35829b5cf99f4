/** `npm run bench`: brings the checkout into a state that can run, then measures it (bench/main.ts). */
import { ensureBuilt, ensureInstalled, ensureNode, runNode } from './setup.mjs';

ensureInstalled();
await ensureNode(import.meta.url);
ensureBuilt();
// Everything that is compared runs on one Node.
await runNode(['bench/main.ts', ...process.argv.slice(2)]);
