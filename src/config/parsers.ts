import { isIP } from 'node:net';
import { z } from 'zod';

/**
 * How the text of a variable becomes a value. Every message says what is expected and none repeats what was given,
 * because a variable may hold a secret. An empty text counts as unset, except where an amount is expected.
 */
const optional = z.string().optional();

export const text = (fallback: string) => optional.transform((value) => value?.trim() || fallback);

export const optionalText = optional.transform((value) => value?.trim() || undefined);

/** Taken as it is, blanks included. */
export const secret = optional.transform((value) => value || undefined);

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

/** `900`, `900s`, `15m`, `12h` or `30d`, in seconds. Never milliseconds, never zero. */
export const duration = (fallback: string) =>
  optional.transform((value, context) => {
    const [, amount, unit] = /^(\d{1,9})([smhd]?)$/.exec((value ?? fallback).trim()) ?? [];
    const seconds = Number(amount) * SECONDS[(unit || 's') as keyof typeof SECONDS];
    return seconds > 0 ? seconds : refuse(context, 'must be a duration such as 900, 900s, 15m, 12h or 30d');
  });

export const choice = <T extends string>(fallback: T, ...others: T[]) =>
  optional.transform((value, context) => {
    const choices: readonly string[] = [fallback, ...others];
    const chosen = value?.trim() || fallback;
    return choices.includes(chosen) ? (chosen as T) : refuse(context, `must be one of ${choices.join(', ')}`);
  });

/** An absolute http(s) URL, without the slash at its end. */
export const optionalHttpUrl = optionalText.transform((value, context) => {
  if (value === undefined) return undefined;
  const isHttp = /^https?:$/.test(URL.parse(value)?.protocol ?? '');
  return isHttp ? value.replace(/\/+$/, '') : refuse(context, 'must be an http or https URL');
});

const splitList = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);

export const optionalOrigins = optionalText.transform((value, context) => {
  const origins = value === undefined ? undefined : splitList(value);
  if (origins?.includes('*')) return refuse(context, 'must list origins: with * any site could act for your users');
  const areExact = origins?.every((origin) => URL.parse(origin)?.origin === origin && origin !== 'null') ?? true;
  return areExact ? origins : refuse(context, 'must list origins such as https://app.example.com, without a path');
});

/** Comma-separated, or a JSON array for secrets that hold a comma. */
export const secrets = optional.transform((value, context) => {
  if (!value?.trim().startsWith('[')) return splitList(value ?? '');
  const parsed = z.array(z.string()).safeParse(parseJson(value));
  return parsed.success ? parsed.data : refuse(context, 'must be a comma-separated list or a JSON array of strings');
});

const PROXY_NAMES = ['loopback', 'linklocal', 'uniquelocal'];

/** Number of hops, or the addresses of the proxies. `true` would let every client name its own address. */
export const proxies = optionalText.transform((value, context) => {
  if (value === undefined || value === '0' || value === 'false') return false;
  if (/^[1-9]\d?$/.test(value)) return Number(value);
  const addresses = splitList(value);
  return addresses.every((address) => PROXY_NAMES.includes(address) || isNetwork(address))
    ? addresses
    : refuse(context, 'must be a number of hops or a list of addresses such as 10.0.0.0/8');
});

function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const maxBits = isIP(address) === 6 ? 128 : 32;
  const hasValidBits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= maxBits);
  return isIP(address) !== 0 && rest.length === 0 && hasValidBits;
}

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
