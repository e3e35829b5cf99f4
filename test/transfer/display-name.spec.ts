import { userRecord } from '../../src/transfer/user-record.js';
import { isDisplayName } from '../../src/users/display-name.js';

const FAMILY = '\u{1F468}\u200D\u{1F469}\u200D\u{1F467}';
const ENGLAND = '\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}';

const isImported = (name: string) => userRecord.safeParse({ email: 'ada@example.com', name }).success;

it.each([
  'Ada',
  "Zo\u00EB O'Neil",
  '\u5F20\u4F1F',
  '\u0645\u062D\u0645\u062F',
  '\u0646\u0645\u06CC\u200C\u062F\u0627\u0646\u0645',
  FAMILY,
  ENGLAND,
])('a name may be %s', (name) => expect([isDisplayName(name), isImported(name)]).toEqual([true, true]));

it.each([
  ['a line of its own', 'Ada\nroles  admin'],
  ['an escape', 'Ada\u001b[2K'],
  ['half an emoji', '\ud83d'],
  ...['\u200E', '\u200F', '\u061C', '\u202A', '\u202E', '\u2066', '\u2069'].map((turn): [string, string] => [
    'a turn',
    `Bob${turn}`,
  ]),
  ['a zero-width space', 'Ad\u200Ba'],
  ['a soft hyphen', 'Ad\u00ADa'],
  ['nothing but joiners', '\u200D\u200C'],
  ['nothing but fillers', '\u3164'],
])('a name does not hold %s: %j', (_, name) => expect([isDisplayName(name), isImported(name)]).toEqual([false, false]));
