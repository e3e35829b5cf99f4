import fc from 'fast-check';
import { asked, Violation } from './owner-and-thief/invariants.js';
import { Board, type Game, games } from './owner-and-thief/play.js';
import * as owner from './owner-and-thief/owner-steps.js';
import * as stranger from './owner-and-thief/stranger-steps.js';
import * as thief from './owner-and-thief/thief-steps.js';

/**
 * `SOAK=true npm test -- test/security/owner-and-thief` plays for hours, `GAMES=500 GAMES_SEED=7` others, and `GAMES_PATH` what a
 * failure has printed. With `GAMES_ONLY` (a pattern) a game that breaks another promise ends, and counts for nothing.
 */
const SEED = Number(process.env['GAMES_SEED'] ?? 20_261_129);
const GAMES = Number(process.env['GAMES'] ?? (process.env['SOAK'] === 'true' ? 20_000 : 24));
const PATH = process.env['GAMES_PATH'];
const ONLY = new RegExp(process.env['GAMES_ONLY'] ?? '');

/** Each was once a way to keep or to find out what is somebody else's. */
const EXAMPLES: [rule: string, game: Game][] = [
  [
    'a password that the thief set is none after the owner took the address back',
    {
      start: 'a device was copied',
      isConfirmed: true,
      steps: [thief.changesPassword(0, false), thief.takesAway(0, false), owner.follows('revert-email-change')],
    },
  ],
  [
    'a password that the thief knew is none after the owner took the address back',
    {
      start: 'the password is known',
      isConfirmed: true,
      steps: [thief.logsIn(0), thief.takesAway(0, true), owner.follows('revert-email-change'), thief.logsIn(0)],
    },
  ],
  [
    'who went back to the former address takes it back once more, and the thief has no way to it',
    {
      start: 'the password is known',
      isConfirmed: true,
      steps: [
        ...[thief.logsIn(0), thief.takesAway(0, true), owner.goesHome, thief.takesAway(0, true)],
        ...[owner.follows('revert-email-change'), owner.goesBy('reset-password')],
      ],
    },
  ],
  [
    'the way back of the owner ends later than that of the thief',
    {
      start: 'the password is known',
      isConfirmed: true,
      steps: [
        ...[thief.logsIn(0), thief.takesAway(0, true), stranger.timePasses(61 * 60)],
        ...[owner.goesHome, stranger.timePasses(7 * 86_400 - 600)],
      ],
    },
  ],
  [
    'the way back of the owner is the older one, whatever a clock says that was set back since',
    {
      start: 'the password is known',
      isConfirmed: true,
      steps: [
        ...[thief.logsIn(0), thief.takesAway(0, true), stranger.clockGoesBack(40), thief.takesAway(0, true)],
        ...[owner.follows('revert-email-change'), owner.goesBy('reset-password')],
      ],
    },
  ],
  [
    'who goes back to an address that nobody had confirmed had it first all the same',
    {
      start: 'a device was copied',
      isConfirmed: false,
      steps: [
        ...[thief.takesAway(0, false), owner.changesPassword(true), owner.goesHome],
        owner.goesBy('reset-password'),
      ],
    },
  ],
  [
    'a password that the thief knows is none after the owner chose another one',
    { start: 'the password is known', isConfirmed: true, steps: [thief.logsIn(0), owner.changesPassword(true)] },
  ],
  ...[owner.endsOtherSessions, owner.logsOutEverywhere, owner.endsForeignSession].map((ends): [string, Game] => [
    `a change of address that a session asked for is over when the ${String(ends)}`,
    { start: 'a device was copied', isConfirmed: true, steps: [thief.asksForChange(0, false), ends] },
  ]),
  [
    'a change of address that a session asked for is over when its refresh token was used twice',
    {
      start: 'a device was copied',
      isConfirmed: true,
      steps: [thief.refreshes(0), thief.asksForChange(0, false), stranger.timePasses(120), owner.refreshesCopied],
    },
  ],
  [
    'who has signed in once has no guesses of their own after the owner chose another password',
    {
      start: 'the password is known',
      isConfirmed: true,
      steps: [thief.logsIn(0), owner.goesBy('reset-password')],
    },
  ],
  [
    'the owner signs in by a link, however many of them a stranger has asked for',
    {
      start: 'the owner is alone',
      isConfirmed: true,
      steps: [thief.asks('magic-link', 6), owner.asks('magic-link'), stranger.timePasses(11 * 60)],
    },
  ],
  [
    'the owner signs in by a link, however many of them a stranger asked for before there was an account',
    {
      start: 'nobody has an account',
      isConfirmed: false,
      steps: [thief.asks('magic-link', 6), owner.signsUp],
    },
  ],
  [
    'the first click on a mail does not make the password of a stranger good',
    {
      start: 'nobody has an account',
      isConfirmed: false,
      steps: [thief.signsUp, owner.goesBy('verify-email')],
    },
  ],
  [
    'the sign-up of the owner does not make the password of a stranger good, who had signed up before',
    {
      start: 'nobody has an account',
      isConfirmed: false,
      steps: [thief.signsUp, owner.signsUp, owner.goesBy('verify-email'), owner.goesBy('magic-link')],
    },
  ],
  [
    'a sign-up and a login after it tell nobody who has an account',
    { start: 'the owner is alone', isConfirmed: true, steps: [stranger.signsUp, stranger.logsIn] },
  ],
];

let board: Board;
describe.each([false, true])('with REQUIRE_EMAIL_VERIFICATION=%s', (isConfirmationRequired) => {
  beforeAll(async () => {
    board = await Board.start(isConfirmationRequired);
  });
  afterAll(() => board.stop());

  it.each(EXAMPLES)('%s', (_, game) => board.play(game));

  it(
    `${String(GAMES)} games of an owner and a thief: what the owner has ended is over, the owner gets in, and strangers learn nothing`,
    async () => {
      const property = fc.asyncProperty(games, async (game) => {
        try {
          await board.play(game);
        } catch (error) {
          if (!(error instanceof Violation) || ONLY.test(error.message)) throw error;
        }
      });
      await fc.assert(property, { seed: SEED, numRuns: GAMES, ...(PATH !== undefined && { path: PATH }) });
    },
    8 * 3_600_000,
  );
});

it('the games have put every promise to the test', () => {
  const acts = ['changePassword', 'resetPassword', 'revertEmailChange', 'the first magic link'];
  const kinds = ['password', 'session'];
  const ends = ['revokeOtherSessions', 'logout everywhere', 'revokeSession', 'reuse of a refresh token'];
  const promises = [
    ...acts.flatMap((act) => kinds.map((kind) => `after ${act} no ${kind} of the thief works`)),
    ...ends.map((act) => `after ${act} no session of the thief works`),
    'after resetPassword no device of the thief works',
  ];
  expect(promises.filter((promise) => !asked.has(promise))).toEqual([]);
});
