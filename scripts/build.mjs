/** `npm run build`: `nest build`, `bundle.mjs`, and a note of what it was built from. With `--if-stale` only when that has changed. */
import { build, ensureBuilt, ensureInstalled, ensureNode } from './setup.mjs';

ensureInstalled();
await ensureNode(import.meta.url);
if (process.argv.includes('--if-stale')) ensureBuilt();
else build();
