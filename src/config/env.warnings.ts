import type { Env } from './env.types.js';
import { isLoopback } from './this-machine.js';

type Warned = Pick<
  Env,
  | 'NODE_ENV'
  | 'isProduction'
  | 'HOST'
  | 'PUBLIC_URL'
  | 'TRUST_PROXY'
  | 'DATABASE_URL'
  | 'SESSION_MAX_AGE'
  | 'REFRESH_TOKEN_TTL'
  | 'COOKIE_SECURE'
  | 'LOG_LEVEL'
  | 'MAIL_URL'
  | 'METRICS_ENABLED'
  | 'METRICS_PORT'
  | 'METRICS_TOKEN'
  | 'RATE_LIMITS_ENABLED'
>;

/** Seconds. */
const YEAR = 365 * 86_400;

/** What starts, because it may be meant so, and is open where it is served to others. The server says it at each start. */
export const configWarnings = (env: Warned): string[] => [
  ...(env.isProduction ? [] : warningsOfNodeEnv(env)),
  ...warningsAnywhere(env),
  ...(env.isProduction ? warningsInProduction(env) : []),
];

function warningsOfNodeEnv(env: Warned): string[] {
  if (!servesOthers(env)) return [];
  return [
    `NODE_ENV is ${env.NODE_ENV}, and others can reach the server: the playground and introspection are open, origins may be ` +
      'http, and the log may have the links of mails. Set NODE_ENV=production where others are served.',
  ];
}

function warningsAnywhere(env: Warned): string[] {
  const isReachable = !isLoopback(env.HOST);
  return [
    isReachable &&
      env.METRICS_ENABLED &&
      env.METRICS_TOKEN === undefined &&
      `METRICS_TOKEN is not set: whoever reaches port ${env.METRICS_PORT} reads the metrics.`,
    isReachable &&
      isOnThisMachine(env.PUBLIC_URL) &&
      'PUBLIC_URL is on this machine: it is the issuer of tokens and a trusted origin. Set it to where clients reach the server.',
    !env.RATE_LIMITS_ENABLED && 'RATE_LIMITS_ENABLED is off: passwords can be guessed without a pause.',
    !env.COOKIE_SECURE &&
      servesOthers(env) &&
      'COOKIE_SECURE is off: token cookies travel over plain http and without the __Host- prefix.',
    env.SESSION_MAX_AGE > YEAR && 'SESSION_MAX_AGE is more than a year: so long a stolen session can be used.',
    env.REFRESH_TOKEN_TTL > YEAR &&
      'REFRESH_TOKEN_TTL is more than a year: so long a stolen token can lie and be used.',
    env.LOG_LEVEL === 'silent' &&
      'LOG_LEVEL is silent: neither the events of the audit trail nor faults of the server are in the log.',
  ].filter((warning) => warning !== false);
}

function warningsInProduction({ MAIL_URL, DATABASE_URL }: Warned): string[] {
  return [
    DATABASE_URL === 'sqlite::memory:' && 'DATABASE_URL is memory: accounts and audit trail end with this process.',
    MAIL_URL === undefined && 'MAIL_URL is not set: no mail reaches anybody, each is a file in MAIL_OUTBOX.',
    MAIL_URL !== undefined &&
      isReadOnTheWay(new URL(MAIL_URL)) &&
      'MAIL_URL gives up TLS or its certificate: who is on the way reads the links of mails, which sign people in.',
  ].filter((warning) => warning !== false);
}

const isOnThisMachine = (url: string): boolean => isLoopback(new URL(url).hostname);

/** Nothing shows that others are served by a proxy on this machine that no setting names. */
const servesOthers = ({ HOST, PUBLIC_URL, TRUST_PROXY }: Warned): boolean =>
  !isLoopback(HOST) || !isOnThisMachine(PUBLIC_URL) || TRUST_PROXY !== false;

/** As nodemailer reads the options of its URL, where a number that is not 0 is as good as `true`. */
function isReadOnTheWay({ hostname, searchParams }: URL): boolean {
  const isOff = (name: string) => ['false', '0', ''].includes(searchParams.get(name) ?? 'unset');
  const ignoresTls = searchParams.has('ignoreTLS') && !isOff('ignoreTLS');
  const isOpen = ignoresTls || isOff('requireTLS') || searchParams.get('tls.rejectUnauthorized') === 'false';
  return isOpen && !isLoopback(hostname);
}
