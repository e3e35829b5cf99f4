import { described } from './described.js';
import * as parse from './parsers.js';

/** The part of the settings that is about the life of an account (docs/lifecycle.md) and its mails (docs/operations/mail.md). */
export const accountSettings = {
  SIGNUP_ENABLED: described(parse.flag(true), 'true', 'False refuses `signup`.'),
  REQUIRE_EMAIL_VERIFICATION: described(
    parse.flag(false),
    'false',
    'True lets users sign in only once their address is confirmed.',
  ),
  MAGIC_LINKS_ENABLED: described(parse.flag(true), 'true', 'False sends and accepts no links to sign in with.'),
  NEW_DEVICE_NOTICE: described(
    parse.flag(true),
    'true',
    'Writes to a user who signs in from a device that is new to the account.',
  ),
  REAUTHENTICATION_MAX_AGE: described(
    parse.duration('10m', '1s', '1h'),
    '10m',
    'How long after a sign-in the account can be changed without the password.',
  ),
  DELETED_EMAIL_HOLD: described(
    parse.delay('1d', '36500d'),
    '0',
    'How long nobody can sign up with an address of a deleted account.',
  ),

  EMAIL_VERIFICATION_TTL: described(
    parse.duration('1d', '1m', '30d'),
    '1d',
    'How long a link to confirm an address works.',
  ),
  PASSWORD_RESET_TTL: described(
    parse.duration('1h', '1m', '1d'),
    '1h',
    'How long a link to choose a new password works, from the last request for it on (docs/rate-limits.md).',
  ),
  MAGIC_LINK_TTL: described(
    parse.duration('10m', '1m', '1d'),
    '10m',
    'How long a link to sign in with works, from the last request for it on (docs/rate-limits.md).',
  ),
  EMAIL_CHANGE_TTL: described(
    parse.duration('1h', '1m', '7d'),
    '1h',
    'How long a link to confirm a new address works.',
  ),
  EMAIL_REVERT_TTL: described(
    parse.duration('7d', '1d', '365d'),
    '7d',
    'How long the old address can take a change of address back. So long nobody else gets it.',
  ),

  MAIL_URL: described(
    parse.optionalUrl('smtp', 'smtps'),
    '',
    'SMTP server: `smtp://USER:PASSWORD@HOST:587`. Empty: mails are files in MAIL_OUTBOX (docs/operations/mail.md).',
  ),
  MAIL_FROM: described(
    parse.mailbox('Latchkey <no-reply@localhost>'),
    'Latchkey <no-reply@localhost>',
    'Sender of mails. Its name is what they call this service.',
  ),
  MAIL_OUTBOX: described(parse.text('./data/outbox'), './data/outbox', 'Folder of the mails when MAIL_URL is empty.'),
  MAIL_TEMPLATES: described(
    parse.optionalText,
    '',
    'Folder with texts of your own, in place of those in assets/mail (docs/operations/mail.md).',
  ),
  MAIL_RETRY_FOR: described(
    parse.duration('1d', '1h', '30d'),
    '1d',
    'How long a mail is tried again before it is given up.',
  ),
};
