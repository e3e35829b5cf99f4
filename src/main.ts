import { loadEnv, orExit } from './config/load-env.js';

// Node warns of what packages do that are bundled as if we did it. It is for their authors to change.
process.noDeprecation = true;

const { moduleRules } = await import('./module-rules.js');
const env = orExit(() => loadEnv(moduleRules, (warning) => process.stderr.write(`${warning}\n`)));
try {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: collector } = env;
  const stopTracing = collector && (await import('./telemetry/tracing.js')).startTracing(collector);
  // Loaded only now: a configuration that is refused is refused at once, and not after thousands of modules.
  const { serve } = await import('./serve.js');
  await serve(env, stopTracing || undefined);
} catch (error) {
  const { framesOf, safeMessage } = await import('./logging/safe-error.js');
  process.stderr.write(`Latchkey can not start: ${safeMessage(error)}\n`);
  if (env.LOG_LEVEL === 'debug' && error instanceof Error) process.stderr.write(`${framesOf(error)}\n`);
  process.exit(1);
}
