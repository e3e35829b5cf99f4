import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import { isEmail, ValidateBy } from 'class-validator';
import { domainToASCII } from 'node:url';
import type { AppError } from '../common/app-error.js';
import { badInput } from '../common/bad-input.js';

/** UTF-16 units of the longest address that a mail can be sent to (RFC 5321 section 4.5.3.1.3). */
const EMAIL_MAX_LENGTH = 254;

/** Spaces inside, control and invisible characters: never part of an address that somebody means to type. */
const FORBIDDEN = /[\s\p{C}]/u;

const ASCII = /^\p{ASCII}*$/u;

/** What `domainToASCII` reads as a domain and nothing else: no port, path, `%` or `@` of a URL. */
const DOMAIN = /^[a-z0-9.\P{ASCII}-]+$/u;

/** A local part in quotes, with a backslash before any of its characters (RFC 5321 section 4.1.2). */
const QUOTED = /^"((?:[^"\\]|\\.)*)"(?=@[^@]*$)/su;

/** What needs no quotes: atoms between dots, also in other alphabets (RFC 5322 section 3.2.3, RFC 6532). */
const DOT_ATOM = /^[^\s\p{C}."(),:;<>@[\\\]]+(?:\.[^\s\p{C}."(),:;<>@[\\\]]+)*$/u;

/**
 * The one form in which an address is stored, compared and shown: trimmed, NFC, without quotes that it does not need, lower
 * case, its domain in ASCII (RFC 5891). `toLowerCase` knows no locale, so the dotless Turkish i stays a letter of its own. A text that is too long for an address
 * stays as it is: the time of a normalisation can grow with the square of the length.
 */
export function normalizeEmail(email: string): string {
  if (email.length > EMAIL_MAX_LENGTH) return email;
  // Composed before it is looked for quotes, and after: what stood between two letters may have been a backslash. And once more
  // as lower case: some letters have a composed form in that alone.
  const address = unquoted(email.trim().normalize('NFC')).normalize('NFC').toLowerCase().normalize('NFC');
  const domain = domainOf(address);
  // ASCII stays as it is: `domainToASCII` reads `0x7f.1` as an address of IPv4.
  if (ASCII.test(domain) || !DOMAIN.test(domain)) return address;
  return address.slice(0, -domain.length) + (domainToASCII(domain) || domain);
}

/** The quoted spellings of one mailbox are many. What needs its quotes stays as it is, and is no address. */
function unquoted(address: string): string {
  const quoted = QUOTED.exec(address);
  const local = quoted?.[1]?.replace(/\\(.)/gsu, '$1') ?? '';
  return quoted && DOT_ATOM.test(local) ? local + address.slice(quoted[0].length) : address;
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/** True for a normalised address that mail can be sent to. A quoted local part is none: few servers know its other spellings. */
export function isEmailAddress(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > EMAIL_MAX_LENGTH) return false;
  return !FORBIDDEN.test(value) && !value.includes('"') && ASCII.test(domainOf(value)) && isEmail(value);
}

const PROBLEM = 'must be an e-mail address';

/** @param path of the field or argument */
export const notAnEmail = (path: string): AppError => badInput(path, PROBLEM);

/** On a field of an input class: normalises the address, then checks it. The same rule at sign-up and at login. */
export function EmailAddress(): PropertyDecorator {
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? normalizeEmail(value) : value)),
    ValidateBy({
      name: 'emailAddress',
      validator: { validate: isEmailAddress, defaultMessage: () => PROBLEM },
    }),
  );
}
