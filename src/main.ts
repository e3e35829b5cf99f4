import { loadEnv } from './config/load-env.js';

const env = loadEnv();
// Loaded only now: a configuration that is refused is refused at once, and not after two thousand modules.
const { serve } = await import('./serve.js');
await serve(env);
