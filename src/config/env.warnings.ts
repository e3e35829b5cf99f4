import type { Env } from './env.types.js';
import { isLoopback } from './this-machine.js';

type Warned = Pick<
  Env,
  | 'NODE_ENV'
  | 'isProduction'
  | 'HOST'
  | 'PUBLIC_URL'
  | 'METRICS_ENABLED'
  | 'METRICS_PORT'
  | 'METRICS_TOKEN'
  | 'RATE_LIMITS_ENABLED'
>;

/** What starts, because it may be meant so, and is open where it is served to others. The server says it at each start. */
export const configWarnings = (env: Warned): string[] =>
  env.isProduction ? warningsInProduction(env) : warningsInDevelopment(env);

function warningsInDevelopment({ NODE_ENV, PUBLIC_URL }: Warned): string[] {
  if (NODE_ENV !== 'development' || isLoopback(new URL(PUBLIC_URL).hostname)) return [];
  return [
    'NODE_ENV is not production, and PUBLIC_URL is not on this machine: the log has the links of mails, the playground and ' +
      'introspection are open, and origins may be http. Set NODE_ENV=production where others are served.',
  ];
}

function warningsInProduction(env: Warned): string[] {
  const isReachable = !isLoopback(env.HOST);
  return [
    isReachable &&
      env.METRICS_ENABLED &&
      env.METRICS_TOKEN === undefined &&
      `METRICS_TOKEN is not set: whoever reaches port ${env.METRICS_PORT} reads the metrics.`,
    isReachable &&
      isLoopback(new URL(env.PUBLIC_URL).hostname) &&
      'PUBLIC_URL is on this machine: it is the issuer of tokens and a trusted origin. Set it to where clients reach the server.',
    !env.RATE_LIMITS_ENABLED && 'RATE_LIMITS_ENABLED is off: passwords can be guessed without a pause.',
  ].filter((warning) => warning !== false);
}
