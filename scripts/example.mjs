/** `npm run example`: the server and the example frontend (examples/web) together, until either ends or Ctrl-C. */
import { ensureBuilt, ensureEnvFile, ensureInstalled, ensureNode, inProject, buildClient } from './setup.mjs';

ensureInstalled();
await ensureNode(import.meta.url);
ensureBuilt();
ensureEnvFile();
buildClient();

const { concurrently } = await import('concurrently');
const { result } = concurrently(
  [
    { name: 'server', command: 'node scripts/start.mjs' },
    { name: 'web', command: 'npm run dev --silent --workspace examples/web' },
  ],
  { cwd: inProject('.'), killOthersOn: ['failure', 'success'], prefixColors: 'auto' },
);
await result.catch(() => process.exit(1));
