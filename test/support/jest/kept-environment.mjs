import { TestEnvironment } from 'jest-environment-node';

/** Where jest-circus notes the tests of a file, and who hears of them. */
const OF_ONE_FILE = new Set(['JEST_STATE_SYMBOL', 'EVENT_HANDLERS']);

/** One for each project of this worker. */
const kept = new Map();

/**
 * Jest's `testEnvironment`: the files of a project share one global object in each worker, so that what they import is loaded once
 * (`kept-runtime.mjs`). A file that needs everything for itself says `@jest-environment node` in its first comment.
 */
export default class KeptEnvironment extends TestEnvironment {
  /** The `KeptRuntime` of the project. */
  runtime;

  constructor(config, context) {
    const { id } = config.projectConfig;
    if (kept.has(id)) return kept.get(id);
    super(config, context);
    kept.set(id, this);
  }

  async teardown() {
    for (const symbol of Object.getOwnPropertySymbols(this.global)) {
      if (OF_ONE_FILE.has(symbol.description)) delete this.global[symbol];
    }
  }
}
