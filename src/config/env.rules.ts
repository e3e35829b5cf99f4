import { MIN_SECRET_BYTES, secretProblem } from './secret-strength.js';
import type { ConfigProblem, Env } from './env.types.js';

/** bcrypt below this is too cheap to attack (ASVS 11.4.2). */
const MIN_BCRYPT_COST = 10;

/** `[name, is it wrong?, why]`: the rules that no single variable can check. */
type Rule = readonly [name: keyof Env, isBroken: boolean, reason: string];

/** Everything that is wrong with a configuration whose variables are each well-formed. */
export function configProblems(env: Env): ConfigProblem[] {
  return [...secretRules(env), ...lifetimeRules(env), ...cookieRules(env), ...otherRules(env)]
    .filter(([, isBroken]) => isBroken)
    .map(([name, , reason]) => ({ name, reason }));
}

function secretRules(env: Env): Rule[] {
  const weakness = env.JWT_SECRET === '' ? undefined : secretProblem(env.JWT_SECRET);
  const weakPrevious = env.JWT_PREVIOUS_SECRETS.map(secretProblem).find((problem) => problem !== undefined);
  return [
    ['JWT_SECRET', env.JWT_SECRET === '', `is missing; set it to at least ${MIN_SECRET_BYTES} random bytes`],
    ['JWT_SECRET', weakness !== undefined, weakness ?? ''],
    ['JWT_PREVIOUS_SECRETS', weakPrevious !== undefined, `holds one that ${weakPrevious ?? ''}`],
    ['JWT_PREVIOUS_SECRETS', env.JWT_PREVIOUS_SECRETS.includes(env.JWT_SECRET), 'must not hold the current JWT_SECRET'],
  ];
}

function lifetimeRules(env: Env): Rule[] {
  return [
    ['ACCESS_TOKEN_TTL', env.ACCESS_TOKEN_TTL >= env.REFRESH_TOKEN_TTL, 'must be shorter than REFRESH_TOKEN_TTL'],
    ['REFRESH_TOKEN_TTL', env.REFRESH_TOKEN_TTL > env.SESSION_MAX_AGE, 'must not be longer than SESSION_MAX_AGE'],
  ];
}

function cookieRules(env: Env): Rule[] {
  const { hostname } = new URL(env.PUBLIC_URL);
  const domain = env.COOKIE_DOMAIN?.replace(/^\./, '');
  const isForeign = domain !== undefined && hostname !== domain && !hostname.endsWith(`.${domain}`);
  return [
    ['COOKIE_SAMESITE', env.COOKIE_SAMESITE === 'none' && !env.COOKIE_SECURE, 'none needs COOKIE_SECURE'],
    ['COOKIE_SECURE', env.isProduction && !env.COOKIE_SECURE, 'can not be off in production'],
    ['COOKIE_DOMAIN', isForeign, 'must be the host of PUBLIC_URL or a domain above it'],
  ];
}

function otherRules(env: Env): Rule[] {
  const { protocol, hostname } = new URL(env.PUBLIC_URL);
  const isPlain = env.isProduction && protocol === 'http:' && hostname !== 'localhost' && hostname !== '127.0.0.1';
  const isCheap = env.BCRYPT_COST < MIN_BCRYPT_COST && env.NODE_ENV !== 'test';
  return [
    ['PUBLIC_URL', isPlain, 'must be https in production: it is the address outside of the proxy that ends TLS'],
    ['BCRYPT_COST', isCheap, `must be a whole number from ${MIN_BCRYPT_COST} to 15`],
    [
      'ADMIN_PASSWORD',
      env.ADMIN_EMAIL !== undefined && env.ADMIN_PASSWORD === undefined,
      'must be set with ADMIN_EMAIL',
    ],
    [
      'ADMIN_EMAIL',
      env.ADMIN_PASSWORD !== undefined && env.ADMIN_EMAIL === undefined,
      'must be set with ADMIN_PASSWORD',
    ],
  ];
}
