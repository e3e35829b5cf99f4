/** `npm run dev`: compiles on every change of `src/` and restarts the server once per change. */
import { ensureEnvFile, ensureInstalled, ensureNode, inProject, runNode } from './setup.mjs';

ensureInstalled();
await ensureNode(import.meta.url);
ensureEnvFile();
// Nest starts the server through a shell, which `exec` replaces: else a signal ends the shell and leaves the server behind.
const watch = ['start', '--watch', '--preserveWatchOutput', '--exec', 'exec node'];
await runNode([inProject('node_modules/@nestjs/cli/bin/nest.js'), ...watch]);
