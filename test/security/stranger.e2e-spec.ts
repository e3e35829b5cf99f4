import { GraphQLSchemaHost } from '@nestjs/graphql';
import { newId } from '../../src/common/ids.js';
import { Mail } from '../../src/mail/mail.entity.js';
import { Role } from '../../src/roles/role.entity.js';
import { HeldAddresses } from '../../src/users/held-addresses.service.js';
import { User } from '../../src/users/user.entity.js';
import { LifecycleServer } from '../lifecycle/operations.js';
import { newEmail } from '../support/accounts.js';
import { ownerGetsIn } from './stranger/owner-of-an-address.js';
import { type Operation, operationsOf } from './stranger/operations.js';
import { MARK, Stranger } from './stranger/stranger.js';

const HOUR = 3_600;
/** Of the sequences of three one in so many is tried. `STRANGER=all npm test -- test/security/stranger` tries all. */
const SHARE = process.env['STRANGER'] === 'all' ? 1 : 4;
/** Ends what hangs. Thousands of requests take their time on a busy machine. */
const TIMEOUT_MS = 900_000;

let life: LifecycleServer;
let operations: Operation[];
const named = (...names: string[]) => operations.filter(({ name }) => names.includes(name));
/** Sequences of these, each as long as there are lists. */
const sequences = (...choices: Operation[][]): Operation[][] =>
  choices.reduce<Operation[][]>((begun, next) => begun.flatMap((some) => next.map((one) => [...some, one])), [[]]);
/** Each operation is in some of them at each place, and behind each other one. */
const some = (all: readonly Operation[][]): Operation[][] =>
  all.filter((sequence) => sequence.reduce((sum, one) => sum + operations.indexOf(one), 0) % SHARE === 0);
const namesOf = (sequence: readonly Operation[]) => sequence.map(({ name }) => name).join(', ');

/** An address in each of the states that an address can be in. */
const STATES = ['free', 'unconfirmed', 'confirmed', 'disabled', 'held'] as const;
type State = (typeof STATES)[number];

async function addressThatIs(state: State): Promise<string> {
  const em = life.server.em();
  const email = newEmail();
  if (state === 'held') await life.server.app.get(HeldAddresses).hold(em, email, HOUR, null);
  if (state === 'free' || state === 'held') return email;
  em.create(User, {
    id: newId(),
    email,
    // Of a password that no stranger has.
    passwordHash: '$2b$04$3EuPcmQFCiblsZeEu5s7p.9OVHgeHWFDk9nhMqz0bcXsvZx4Vcdbq',
    emailVerified: state !== 'unconfirmed',
    disabledAt: state === 'disabled' ? new Date() : null,
    version: 1,
    roles: [em.getReference(Role, 'user')],
    createdAt: new Date(),
  });
  await em.flush();
  return email;
}

describe.each([false, true])('with REQUIRE_EMAIL_VERIFICATION=%s a person without an account', (isRequired) => {
  beforeAll(async () => {
    life = await LifecycleServer.start({
      redis: false,
      env: {
        REQUIRE_EMAIL_VERIFICATION: String(isRequired),
        DELETED_EMAIL_HOLD: '30d',
        RATE_LIMITS_ENABLED: 'true',
        NEW_DEVICE_NOTICE: 'true',
        TRUST_PROXY: '1',
      },
    });
    operations = operationsOf(life.server.app.get(GraphQLSchemaHost).schema);
  });
  afterAll(() => life.stop());
  beforeEach(async () => {
    await life.server.em().nativeDelete(Mail, {});
    life.mails.received.length = 0;
  });

  /** A sign-up tells who has an account unless addresses have to be confirmed (SECURITY.md). */
  const tellsNothing = ({ name, isPublic }: Operation) => isPublic && (isRequired || name !== 'signup');

  it(
    'is told nothing of an address by any operation, pair or triple',
    async () => {
      const all = operations.filter(tellsNothing);
      const naming = all.filter(({ namesAddress }) => namesAddress);
      expect(naming.length).toBeGreaterThanOrEqual(4);
      const different = [
        ...(await differencesOf([...sequences(all, naming), ...sequences(naming, all)], STATES)),
        ...(await differencesOf(some(sequences(naming, naming, naming)), ['free', 'unconfirmed', 'confirmed'])),
      ];
      expect(different).toEqual([]);
    },
    TIMEOUT_MS,
  );

  async function differencesOf(all: readonly Operation[][], states: readonly State[]): Promise<string[]> {
    const different: string[] = [];
    for (const sequence of all) {
      const told = await Promise.all(states.map((state) => toldBy(sequence, state)));
      const others = states.filter((_, index) => told[index] !== told[0]);
      if (others.length > 0) different.push(`${namesOf(sequence)}: ${others.join(', ')}`);
    }
    return different;
  }

  async function toldBy(sequence: readonly Operation[], state: State): Promise<string> {
    const stranger = new Stranger(life, await addressThatIs(state));
    const seen: unknown[] = [];
    for (const operation of sequence) seen.push(stranger.seen(await stranger.send(operation)));
    return JSON.stringify(seen);
  }

  it.each(['free', 'unconfirmed', 'confirmed'] as const)(
    'makes the server send a few mails an hour to an address that is %s, and no word of their own',
    async (state) => {
      const target = await addressThatIs(state);
      const gang = Array.from({ length: 2 }, () => new Stranger(life, target));
      const [signup] = named('signup');
      // Some have an account of their own, from which they ask.
      for (const stranger of gang.slice(1)) if (signup) await stranger.send(signup, stranger.mailbox);
      const kept = operations.filter(({ name }) => !['deleteAccount', 'logout', 'revokeOtherSessions'].includes(name));
      for (let round = 0; round < 6; round++) {
        for (const operation of kept) for (const stranger of gang) await stranger.send(operation);
      }
      await life.send();
      const mails = life.mails.to(target);
      const counts = Object.values(Object.groupBy(mails, ({ subject }) => subject)).map((some) => some?.length ?? 0);
      expect(Math.max(0, ...counts)).toBeLessThanOrEqual(10);
      expect(markedIn(mails)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  /** The mails with a text that a stranger chose, but for those to the stranger. */
  const markedIn = (mails: readonly { subject: string; text: string; html: string; headers: unknown }[]) =>
    mails.filter((mail) => JSON.stringify([mail.subject, mail.text, mail.html, mail.headers]).includes(MARK));

  it(
    'holds no address against its owner, who signs up or gets in by the mailbox at once',
    async () => {
      const [signup] = named('signup');
      if (!signup) throw new Error('Nobody signs up here');
      const [naming, others] = [true, false].map((is) => operations.filter(({ namesAddress }) => namesAddress === is));
      const own = operations.filter(({ isPublic }) => !isPublic);
      const first = isRequired ? (naming ?? []) : [...(naming ?? []), ...own];
      const pairs = sequences([signup], first);
      const triples = isRequired ? [] : some(sequences([signup], first, others ?? []));
      const kept: string[] = [];
      for (const sequence of [[signup], ...pairs, ...triples]) {
        const stranger = new Stranger(life, newEmail());
        for (const operation of sequence) await stranger.send(operation);
        const outcome = await ownerGetsIn(life, stranger.target);
        if (outcome !== 'in') kept.push(`${namesOf(sequence)}: ${outcome}`);
        kept.push(...markedIn(life.mails.to(stranger.target)).map(({ text }) => `${namesOf(sequence)}: ${text}`));
        life.mails.received.length = 0;
      }
      expect(kept).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
