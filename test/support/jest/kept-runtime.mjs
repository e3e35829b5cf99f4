import { fileURLToPath } from 'node:url';
import Runtime from 'jest-runtime';

const TESTS = fileURLToPath(new URL('../../', import.meta.url));

/** Jest names a module by its path, and one of `setupFiles` by its address. */
const isOfTests = (name) => {
  const path = name.startsWith('file:') ? fileURLToPath(name) : name;
  return path.startsWith(TESTS) || path.startsWith('@jest/globals');
};

/**
 * Jest's `runtime`: keeps the packages and `src` from one file to the next. What is under `test` is loaded for each file.
 * Jest would load all of it anew, which costs two seconds of CPU a file.
 */
export default class KeptRuntime extends Runtime {
  constructor(config, environment, resolver, transformer, cacheFS, coverage, testPath, globalConfig) {
    const { runtime } = environment;
    if (runtime) {
      runtime._testPath = testPath;
      return runtime;
    }
    super(config, environment, resolver, transformer, cacheFS, coverage, testPath, globalConfig);
    if ('runtime' in environment) environment.runtime = this;
  }

  teardown() {
    if (this._environment.runtime !== this) return super.teardown();
    this.restoreAllMocks();
    for (const modules of [this.registries.moduleRegistry, this.registries.esModuleRegistry]) {
      for (const key of modules.keys()) if (isOfTests(key)) modules.delete(key);
    }
    // Jest's own: the functions of one file.
    this.registries.internalModuleRegistry.clear();
    this.jestGlobals.clearJestObjectCache();
    this.jestGlobals.cachedEnvGlobals = undefined;
    this.testMainModule.reset();
  }
}
