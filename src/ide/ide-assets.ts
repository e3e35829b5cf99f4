import { getDistDirectory } from 'altair-static';
import { readdirSync } from 'node:fs';
import { sep } from 'node:path';

export const IDE_ASSETS_ROOT = getDistDirectory();

/**
 * Paths below the root that are served, with slashes. Left out are the page, which `ide-page.ts` renders, and the frame
 * of the script engine that we do not use: it runs what it is sent by any window that names itself in its address.
 */
export const ideAssets: ReadonlySet<string> = new Set(
  readdirSync(IDE_ASSETS_ROOT, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}${sep}${entry.name}`.slice(IDE_ASSETS_ROOT.length + 1).replaceAll(sep, '/'))
    .filter((path) => path !== 'index.html' && !path.startsWith('iframe-sandbox/')),
);
