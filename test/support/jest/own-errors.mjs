import { createRequire } from 'node:module';

/**
 * One of Jest's `setupFiles`. The addon of better-sqlite3 is loaded once in a process, and throws errors of the global object that
 * opened a database first. In every other one they would be no `Error`, and a resolver that throws one would seem to return it.
 */
const library = createRequire(import.meta.url).resolve('better-sqlite3');
const { getBinding } = createRequire(library)('./binding.js');
getBinding().isInitialized = false;
