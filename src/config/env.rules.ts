import { isIP } from 'node:net';
import type { ConfigProblem, Env } from './env.types.js';
import { BEARER_TOKEN, secretProblem, SIGNING_SECRET } from './secret-strength.js';
import { isLoopback, leadsToVisitorsMachine } from './this-machine.js';

/** bcrypt below this is too cheap to attack (ASVS 11.4.2). */
const MIN_BCRYPT_COST = 10;

/** What no single variable can tell. The first of `reads` is the one that the problem names. */
interface Rule {
  readonly reads: readonly [keyof Env, ...(keyof Env)[]];
  reason(env: Env): string | false | undefined;
}

/**
 * Everything that is wrong with a configuration beyond the form of its variables.
 *
 * @param malformed names of variables that hold a default instead of what was given: a rule that reads one is not judged
 */
export function configProblems(env: Env, malformed: ReadonlySet<string>): ConfigProblem[] {
  return RULES.filter(({ reads }) => !reads.some((name) => malformed.has(name))).flatMap((rule) => {
    const reason = rule.reason(env);
    return reason ? [{ name: rule.reads[0], reason }] : [];
  });
}

/** Lets a rule see what it declares and nothing else. */
function rule<K extends keyof Env>(
  reads: readonly [K, ...K[]],
  reason: (env: Pick<Env, K>) => string | false | undefined,
): Rule {
  return { reads, reason };
}

/** Each of them is told to other people and programs than the others. */
const SHARED = 'must not be another secret of this configuration';

const SECRET_RULES = [
  rule(['JWT_SECRET'], ({ JWT_SECRET }) =>
    JWT_SECRET === ''
      ? `is missing; set it to at least ${SIGNING_SECRET.bytes} random bytes (openssl rand -base64 48)`
      : secretProblem(JWT_SECRET, SIGNING_SECRET),
  ),
  rule(['JWT_PREVIOUS_SECRETS'], ({ JWT_PREVIOUS_SECRETS }) => {
    const weakness = JWT_PREVIOUS_SECRETS.map((secret) => secretProblem(secret, SIGNING_SECRET)).find(Boolean);
    return weakness && `holds one that ${weakness}`;
  }),
  rule(
    ['JWT_PREVIOUS_SECRETS', 'JWT_SECRET'],
    (env) => env.JWT_PREVIOUS_SECRETS.includes(env.JWT_SECRET) && 'must not hold the current JWT_SECRET',
  ),
  rule(['METRICS_TOKEN'], ({ METRICS_TOKEN }) => METRICS_TOKEN && secretProblem(METRICS_TOKEN, BEARER_TOKEN)),
  rule(['METRICS_TOKEN', 'JWT_SECRET', 'JWT_PREVIOUS_SECRETS', 'ADMIN_PASSWORD'], (env) => {
    const others = [env.JWT_SECRET, ...env.JWT_PREVIOUS_SECRETS, env.ADMIN_PASSWORD];
    return env.METRICS_TOKEN !== undefined && others.includes(env.METRICS_TOKEN) && SHARED;
  }),
  rule(['ADMIN_PASSWORD', 'JWT_SECRET', 'JWT_PREVIOUS_SECRETS'], (env) => {
    const others = [env.JWT_SECRET, ...env.JWT_PREVIOUS_SECRETS];
    return env.ADMIN_PASSWORD !== undefined && others.includes(env.ADMIN_PASSWORD) && SHARED;
  }),
];

const LIFETIME_RULES = [
  rule(
    ['ACCESS_TOKEN_TTL', 'REFRESH_TOKEN_TTL'],
    (env) => env.ACCESS_TOKEN_TTL >= env.REFRESH_TOKEN_TTL && 'must be shorter than REFRESH_TOKEN_TTL',
  ),
  rule(
    ['REFRESH_TOKEN_TTL', 'SESSION_MAX_AGE'],
    (env) => env.REFRESH_TOKEN_TTL > env.SESSION_MAX_AGE && 'must not be longer than SESSION_MAX_AGE',
  ),
];

const KEY_RULES = [
  rule(
    ['KEY_ROTATION_INTERVAL', 'JWKS_MAX_AGE'],
    // Published for somewhat longer than the key set may be kept, each key has to sign for a while too.
    (env) => env.KEY_ROTATION_INTERVAL < 3 * env.JWKS_MAX_AGE && 'must be at least three times as long as JWKS_MAX_AGE',
  ),
];

const COOKIE_RULES = [
  rule(
    ['COOKIE_SAMESITE', 'COOKIE_SECURE', 'PUBLIC_URL'],
    (env) => env.COOKIE_SAMESITE === 'none' && !env.COOKIE_SECURE && 'none needs COOKIE_SECURE',
  ),
  rule(
    ['COOKIE_SECURE', 'isProduction'],
    (env) => env.isProduction && !env.COOKIE_SECURE && 'can not be off in production',
  ),
  rule(['COOKIE_DOMAIN', 'PUBLIC_URL'], ({ COOKIE_DOMAIN, PUBLIC_URL }) => {
    const isForeign = COOKIE_DOMAIN !== undefined && !covers(COOKIE_DOMAIN, new URL(PUBLIC_URL).hostname);
    return isForeign && 'must be the host of PUBLIC_URL or a domain above it';
  }),
];

const MAIL_RULES = [
  rule(
    ['MAIL_URL', 'REQUIRE_EMAIL_VERIFICATION', 'isProduction'],
    (env) =>
      env.isProduction &&
      env.REQUIRE_EMAIL_VERIFICATION &&
      env.MAIL_URL === undefined &&
      'must be set in production with REQUIRE_EMAIL_VERIFICATION: nobody could sign in',
  ),
];

/** What is right on the machine of a developer. Where others are served, it is another machine or open to the network. */
const FRONTEND_RULES = [
  rule(['APP_URL', 'PUBLIC_URL', 'MAIL_URL', 'isProduction'], (env) => {
    const isReal = env.isProduction && (env.MAIL_URL !== undefined || isForOthers(env));
    return (
      isReal && isOpenToNetwork(env.APP_URL) && 'must be https in production: it is where mails lead and who may call'
    );
  }),
  rule(['CORS_ORIGINS', 'APP_URL', 'PUBLIC_URL', 'MAIL_URL', 'isProduction'], (env) => {
    const isOpen = originsBesideApp(env).some(isOpenToNetwork);
    return (
      env.isProduction && isForOthers(env) && isOpen && 'must be https in production: each may act for its visitors'
    );
  }),
  rule(
    ['APP_URL', 'PUBLIC_URL', 'MAIL_URL', 'isProduction'],
    (env) =>
      env.isProduction &&
      isForOthers(env) &&
      leadsToVisitorsMachine(new URL(env.APP_URL).hostname) &&
      'must be where the frontend is, such as https://app.example.com: links in mails would lead to the machine of their reader',
  ),
  rule(['CORS_ORIGINS', 'APP_URL', 'PUBLIC_URL', 'MAIL_URL', 'isProduction'], (env) => {
    const isOpen = originsBesideApp(env).some((origin) => leadsToVisitorsMachine(new URL(origin).hostname));
    return (
      env.isProduction &&
      isForOthers(env) &&
      isOpen &&
      "must not hold the visitor's own machine: any program there could act"
    );
  }),
];

const OTHER_RULES = [
  rule(['PUBLIC_URL', 'isProduction'], ({ PUBLIC_URL, isProduction }) => {
    return (
      isProduction &&
      isPlainHttp(PUBLIC_URL) &&
      'must be https in production: it is the address outside the proxy that ends TLS'
    );
  }),
  rule(['BCRYPT_COST', 'NODE_ENV'], ({ BCRYPT_COST, NODE_ENV }) => {
    const isCheap = BCRYPT_COST < MIN_BCRYPT_COST && NODE_ENV !== 'test';
    return isCheap && `must be at least ${MIN_BCRYPT_COST} unless NODE_ENV is test`;
  }),
  rule(
    ['ADMIN_PASSWORD', 'ADMIN_EMAIL'],
    (env) => env.ADMIN_EMAIL !== undefined && env.ADMIN_PASSWORD === undefined && 'must be set with ADMIN_EMAIL',
  ),
  rule(
    ['ADMIN_EMAIL', 'ADMIN_PASSWORD'],
    (env) => env.ADMIN_PASSWORD !== undefined && env.ADMIN_EMAIL === undefined && 'must be set with ADMIN_PASSWORD',
  ),
];

const RULES: readonly Rule[] = [
  ...SECRET_RULES,
  ...LIFETIME_RULES,
  ...KEY_RULES,
  ...COOKIE_RULES,
  ...MAIL_RULES,
  ...FRONTEND_RULES,
  ...OTHER_RULES,
];

/** Browsers treat the machine itself as trustworthy without TLS, so a production build can be tried there. */
function isPlainHttp(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostname);
}

/** Whoever is on the way can answer in its place. The visitor's own machine is judged by a rule of its own. */
function isOpenToNetwork(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !leadsToVisitorsMachine(hostname);
}

/** That of APP_URL is judged with APP_URL. */
function originsBesideApp({ CORS_ORIGINS, APP_URL }: Pick<Env, 'CORS_ORIGINS' | 'APP_URL'>): string[] {
  return CORS_ORIGINS.filter((origin) => origin !== new URL(APP_URL).origin);
}

/** True where others than the person at this machine are served, or written to. */
function isForOthers({ PUBLIC_URL, MAIL_URL }: Pick<Env, 'PUBLIC_URL' | 'MAIL_URL'>): boolean {
  return [PUBLIC_URL, MAIL_URL].some((url) => url !== undefined && !isLoopback(new URL(url).hostname));
}

/** RFC 6265 section 5.1.3: an address has no domain above it. A top-level domain is nobody's, and browsers refuse it. */
function covers(domain: string, hostname: string): boolean {
  if (hostname === domain) return true;
  return isIP(hostname) === 0 && /\.[^.]/.test(domain) && hostname.endsWith(`.${domain}`);
}
