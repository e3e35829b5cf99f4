import fc from 'fast-check';
import { LifecycleServer } from '../../lifecycle/operations.js';
import { withAccounts } from '../../support/accounts.js';
import { ownerGetsIn } from './getting-in.js';
import { nothingWorks } from './invariants.js';
import { Model } from './model.js';
import * as owner from './owner-steps.js';
import { tokensOf } from './person.js';
import type { Step } from './step.js';
import { StoppedTime } from './stopped-time.js';
import * as stranger from './stranger-steps.js';
import * as thief from './thief-steps.js';
import { World } from './world.js';

/** What the thief begins with: nothing; the password; the tokens of one of the owner's devices. */
export type Start = 'nobody has an account' | 'the owner is alone' | 'the password is known' | 'a device was copied';

const STARTS: readonly Start[] = [
  'nobody has an account',
  'the owner is alone',
  'the password is known',
  'a device was copied',
];

const MINUTE = 60;

const ASKED = fc.constantFrom('verify-email', 'reset-password', 'magic-link');
const PURPOSE = fc.constantFrom(
  'verify-email',
  'reset-password',
  'magic-link',
  'confirm-email-change',
  'revert-email-change',
);
const WHICH = fc.nat({ max: 3 });
const MANY = fc.integer({ min: 1, max: 6 });

const always = (weight: number, ...steps: Step[]) => ({ weight, arbitrary: fc.constantFrom(...steps) });
const drawn = (weight: number, arbitrary: fc.Arbitrary<Step>) => ({ weight, arbitrary });

const HOW = fc.tuple(WHICH, fc.boolean());

const STEPS = fc.oneof(
  always(3, owner.signsUp, owner.logsIn),
  always(2, owner.changesPassword(true), owner.changesPassword(false)),
  always(3, owner.endsOtherSessions, owner.logsOutEverywhere, owner.endsForeignSession, owner.refreshesCopied),
  always(1, owner.movesToOwnAddress, owner.logsOut, owner.deletesAccount),
  always(1, owner.goesHome),
  drawn(1, ASKED.map(owner.asks)),
  drawn(2, PURPOSE.map(owner.follows)),
  drawn(3, ASKED.map(owner.goesBy)),
  drawn(1, fc.constant(owner.follows('revert-email-change'))),
  always(3, thief.signsUp),
  drawn(3, WHICH.map(thief.logsIn)),
  drawn(1, WHICH.map(thief.refreshes)),
  drawn(1, MANY.map(thief.guesses)),
  drawn(
    2,
    HOW.map(([index, hasPassword]) => thief.changesPassword(index, hasPassword)),
  ),
  drawn(
    4,
    HOW.map(([index, hasPassword]) => thief.asksForChange(index, hasPassword)),
  ),
  drawn(2, fc.constant(thief.follows('confirm-email-change'))),
  drawn(
    3,
    HOW.map(([index, hasPassword]) => thief.takesAway(index, hasPassword)),
  ),
  drawn(1, PURPOSE.map(thief.follows)),
  drawn(
    3,
    fc.tuple(ASKED, MANY).map(([purpose, times]) => thief.asks(purpose, times)),
  ),
  drawn(1, WHICH.map(thief.endsOtherSessions)),
  drawn(
    1,
    HOW.map(([index, everywhere]) => thief.logsOut(index, everywhere)),
  ),
  drawn(1, WHICH.map(thief.changesProfile)),
  always(4, stranger.signsUp, stranger.logsIn),
  drawn(1, ASKED.map(stranger.asks)),
  drawn(
    3,
    fc.constantFrom(1, 11, 61, 24 * 60, 8 * 24 * 60).map((minutes) => stranger.timePasses(minutes * MINUTE)),
  ),
  drawn(1, fc.constantFrom(3, 40).map(stranger.clockGoesBack)),
);

/** What the two of them do, in any order. */
export const games = fc.record({
  start: fc.constantFrom(...STARTS),
  isConfirmed: fc.boolean(),
  steps: fc.commands([STEPS], { maxCommands: 30, size: 'max' }),
});

export interface Game {
  readonly start: Start;
  /** Whether the owner has confirmed the address. */
  readonly isConfirmed: boolean;
  readonly steps: Iterable<Step>;
}

/** Servers with limits, notices and real mails, on which one game after the other is played. */
export class Board {
  private constructor(
    private readonly life: LifecycleServer,
    private readonly time: StoppedTime,
    private readonly isConfirmationRequired: boolean,
  ) {}

  static async start(isConfirmationRequired: boolean): Promise<Board> {
    const time = new StoppedTime();
    const env = {
      REQUIRE_EMAIL_VERIFICATION: String(isConfirmationRequired),
      RATE_LIMITS_ENABLED: 'true',
      NEW_DEVICE_NOTICE: 'true',
      TRUST_PROXY: '1',
    };
    return new Board(await LifecycleServer.start({ env, redis: false }), time, isConfirmationRequired);
  }

  /** @throws Violation */
  async play({ start, isConfirmed, steps }: Game): Promise<void> {
    const world = await new World(this.life, this.time).begin();
    const model = new Model(world.home, this.isConfirmationRequired);
    await this.begin(start, isConfirmed, model, world);
    await fc.asyncModelRun(() => ({ model, real: world }), steps);
    await ownerGetsIn(model, world);
    await nothingWorks(model.lost, model, world);
  }

  async stop(): Promise<void> {
    await this.life.stop();
    this.time.restore();
  }

  private async begin(start: Start, isConfirmed: boolean, model: Model, world: World): Promise<void> {
    if (start === 'nobody has an account') return;
    await owner.signsUp.run(model, world);
    if (model.account && (isConfirmed || this.isConfirmationRequired)) {
      await withAccounts(this.life.server, (accounts) => accounts.markEmailVerified(world.home));
      model.account.isConfirmed = true;
    }
    await owner.logsIn.run(model, world);
    const { password = '' } = model.owner;
    if (start === 'the password is known') model.thief.passwords.push(password);
    if (start === 'a device was copied') {
      const answer = await world.owner.login(world.home, password);
      const copied = tokensOf(answer);
      if (!copied) throw new Error(`The owner does not get in: ${answer.text}`);
      model.owner.copied = copied;
      model.thief.sessions.push(copied);
    }
  }
}
