import { ConnectionString } from 'connection-string';
import * as z from 'zod';
import { isNetwork } from './proxy-network.js';
import type { RedisTarget } from './redis-target.js';
import { optional, optionalText, text } from './texts.js';

export { optionalText, secret, secretLine, text } from './texts.js';

/**
 * How the text of a variable becomes a value. Every message says what is expected and none repeats what was given,
 * because a variable may hold a secret. An empty text counts as unset, except where an amount is expected.
 */
const FLAGS = new Map([
  ...['true', '1', 'yes'].map((word) => [word, true] as const),
  ...['false', '0', 'no'].map((word) => [word, false] as const),
]);

export const optionalFlag = optional.transform((value, context) => {
  const word = value?.trim().toLowerCase();
  if (!word) return undefined;
  return FLAGS.get(word) ?? refuse(context, 'must be true, false, 1, 0, yes or no');
});

export const flag = (fallback: boolean) => optionalFlag.transform((value) => value ?? fallback);

export const integer = (fallback: number, min: number, max: number) =>
  optional.transform((value, context) => {
    if (value === undefined) return fallback;
    const number = /^\d{1,9}$/.test(value.trim()) ? Number(value) : Number.NaN;
    return number >= min && number <= max ? number : refuse(context, `must be a whole number from ${min} to ${max}`);
  });

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };

/** An amount with its unit. A century is more than anybody means, and well below what dates, timers and databases hold. */
export type Span = `${number}${keyof typeof SECONDS}`;

const formOfDurations = (least: Span, most: Span) =>
  `must be a duration from ${least} to ${most}; a number without a unit is seconds`;

/** `900`, `900s`, `15m`, `12h` or `30d`, in seconds. Never milliseconds, never zero. */
export const duration = (fallback: Span, least: Span, most: Span) =>
  optional.transform((value, context) => {
    const seconds = secondsOf(value ?? fallback);
    return isWithin(seconds, least, most) ? seconds : refuse(context, formOfDurations(least, most));
  });

/** The same, where zero means "not at all" and is what counts without a value. */
export const delay = (least: Span, most: Span) =>
  optional.transform((value, context) => {
    const seconds = secondsOf(value ?? '0');
    const isFine = seconds === 0 || isWithin(seconds, least, most);
    return isFine ? seconds : refuse(context, `${formOfDurations(least, most)}, or 0`);
  });

const isWithin = (seconds: number, least: Span, most: Span): boolean =>
  seconds >= secondsOf(least) && seconds <= secondsOf(most);

/** NaN for what is none. */
function secondsOf(text: string): number {
  const [, amount, unit] = /^(\d{1,9})([smhd]?)$/.exec(text.trim()) ?? [];
  return Number(amount) * SECONDS[(unit || 's') as keyof typeof SECONDS];
}

export const choice = <T extends string>(fallback: T, ...others: T[]) =>
  optional.transform((value, context) => {
    const choices: readonly string[] = [fallback, ...others];
    const chosen = value?.trim() || fallback;
    return choices.includes(chosen) ? (chosen as T) : refuse(context, `must be one of ${choices.join(', ')}`);
  });

/** An absolute http(s) URL in its normal form, without the slash at its end: others compare it and append to it. */
export const optionalHttpUrl = optionalText.transform((value, context) => {
  if (value === undefined) return undefined;
  const url = URL.parse(value);
  if (!url || !isHttp(url) || url.username || url.password || url.search || url.hash)
    return refuse(context, 'must be an http or https URL without credentials, query and fragment');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
});

const isHttp = ({ protocol }: URL) => protocol === 'http:' || protocol === 'https:';

export const optionalUrl = (...schemes: string[]) =>
  optionalText.refine(
    (value) => value === undefined || (schemes.some((it) => value.startsWith(`${it}://`)) && URL.canParse(value)),
    { error: `must be a URL that begins with ${schemes.map((it) => `${it}://`).join(' or ')}` },
  );

/** A password with `#`, `/` or `?` in it has to be percent-encoded, or it would end the URL's authority early. */
export const databaseUrl = (fallback: string) =>
  text(fallback).refine(
    (value) => /^sqlite:./s.test(value) || (/^postgres(ql)?:\/\/./.test(value) && URL.canParse(value)),
    { error: 'must be sqlite:FILE or postgres://USER:PASSWORD@HOST/DATABASE with a percent-encoded password' },
  );

const REDIS_FORM =
  'must be redis://HOST[:PORT][/DB], redis+sentinel://HOST,HOST/NAME[/DB] or redis+cluster://HOST,HOST (rediss for TLS)';
const REDIS_PORTS = { single: 6379, cluster: 6379, sentinel: 26_379 };

/** One Redis, the Sentinels that know it, or some nodes of a Cluster. */
export const optionalRedisUrl = optionalText.transform((value, context): RedisTarget | undefined => {
  if (value === undefined) return undefined;
  const [, tls, kind = 'single'] = /^redis(s?)(?:\+(sentinel|cluster))?:\/\/./.exec(value) ?? [];
  const url = tls === undefined ? undefined : parseConnectionString(value);
  const hosts = url?.hosts?.flatMap(({ name, port }) => (name ? [{ host: name.replace(/^\[|\]$/g, ''), port }] : []));
  if (!url || !hosts?.length || !isRedisKind(kind)) return refuse(context, REDIS_FORM);
  const [name, db = '0'] = kind === 'sentinel' ? (url.path ?? []) : [undefined, ...(url.path ?? [])];
  const isComplete = (kind === 'sentinel') === (name !== undefined) && (kind !== 'single' || hosts.length === 1);
  if (!isComplete || !/^\d{1,4}$/.test(db) || (kind === 'cluster' && db !== '0')) return refuse(context, REDIS_FORM);
  return {
    kind,
    hosts: hosts.map(({ host, port }) => ({ host, port: port ?? REDIS_PORTS[kind] })),
    name,
    db: Number(db),
    username: url.user,
    password: url.password,
    tls: tls === 's',
  };
});

const isRedisKind = (kind: string): kind is RedisTarget['kind'] => Object.hasOwn(REDIS_PORTS, kind);

function parseConnectionString(value: string): ConnectionString | undefined {
  try {
    return new ConnectionString(value);
  } catch {
    return undefined;
  }
}

export const optionalEmail = optionalText.refine((value) => value === undefined || /^\S+@\S+$/.test(value), {
  error: 'must be an e-mail address',
});

/** `Name <address>`, or the address alone. */
export const mailbox = (fallback: string) =>
  text(fallback).refine((value) => /^([^<>\r\n]+ )?<[^\s<>@]+@[^\s<>@]+>$|^[^\s<>@]+@[^\s<>@]+$/.test(value), {
    error: 'must be an e-mail address, or a name and one: Acme <no-reply@example.com>',
  });

/** Without the dot in front, which means nothing (RFC 6265 section 4.1.2.3). */
export const optionalDomain = optionalText.transform((value) => value?.toLowerCase().replace(/^\./, ''));

const splitList = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);

export const optionalOrigins = optionalText.transform((value, context) => {
  const origins = value === undefined ? undefined : splitList(value);
  if (value?.includes('*')) return refuse(context, 'must not hold *: any site could act for your users');
  return (origins?.every(isExactOrigin) ?? true)
    ? origins
    : refuse(context, 'must be exact origins such as https://app.example.com, without a path, comma-separated');
});

function isExactOrigin(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && isHttp(url) && url.origin === value;
}

/** Comma-separated, or a JSON array for secrets that hold a comma. */
export const secrets = optional.transform((value, context) => {
  if (!value?.trim().startsWith('[')) return splitList(value ?? '');
  const parsed = z.array(z.string()).safeParse(parseJson(value));
  return parsed.success ? parsed.data : refuse(context, 'must be a comma-separated list or a JSON array of strings');
});

const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal'];

/** Number of hops, or the addresses of the proxies. `true`, or more hops than there are, would let every client name its own address. */
export const proxies = optionalText.transform((value, context) => {
  if (value === undefined || FLAGS.get(value.toLowerCase()) === false) return false;
  if (/^[1-8]$/.test(value)) return Number(value);
  const addresses = splitList(value);
  return addresses.every((address) => PROXY_NAMES.includes(address) || isNetwork(address))
    ? addresses
    : refuse(context, 'must be a number of hops up to 8, or a list of addresses such as 10.0.0.0/8');
});

function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function refuse(context: { addIssue(message: string): void }, message: string): never {
  context.addIssue(message);
  return z.NEVER;
}
