import type { Tokens } from './person.js';
import type { Link } from './world.js';

/** The right of a former address to take the account back (`EMAIL_REVERT_TTL`). */
interface RevertRight {
  readonly address: string;
  readonly until: number;
  /** Without that there is no link: the owner has to go back by an ordinary change. */
  readonly isConfirmed: boolean;
}

interface Account {
  address: string;
  /** Who signed up. Whoever made it with the address of somebody else loses it to them. */
  belongsTo: 'owner' | 'thief';
  isConfirmed: boolean;
  /** The oldest first. */
  reverts: RevertRight[];
}

/** Something that the thief had, and that must not work any more. */
export type Lost = { readonly since: string } & (
  | { readonly kind: 'password'; readonly password: string }
  | { readonly kind: 'session'; readonly session: Tokens }
  | { readonly kind: 'link'; readonly link: Link }
  | { readonly kind: 'device'; readonly device: string }
);

/** What an act of the owner takes from the thief. */
interface Loss {
  readonly passwords?: boolean;
  readonly devices?: boolean;
  readonly session?: (session: Tokens) => boolean;
  readonly link?: (link: Link) => boolean;
}

const REVERT_MS = 7 * 86_400_000;

/**
 * What follows from the rules, as far as both of them can know it: where the account is, what each of them holds, and what
 * the thief has lost. It believes the server what it answers, and judges nothing by itself.
 */
export class Model {
  account: Account | undefined;
  readonly owner = {
    password: undefined as string | undefined,
    mailboxes: [] as string[],
    /** Of devices that nobody but the owner has. */
    sessions: [] as Tokens[],
    /** Of the device whose tokens the thief has copied. */
    copied: undefined as Tokens | undefined,
  };
  readonly thief = {
    passwords: [] as string[],
    devices: [] as string[],
    mailboxes: [] as string[],
    sessions: [] as Tokens[],
    /** The session in which a change to this address was asked for. */
    changes: new Map<string, string>(),
  };
  readonly lost: Lost[] = [];
  /** When the links of the account were void the last time. */
  voidedAt = -Infinity;

  constructor(
    readonly home: string,
    /** `REQUIRE_EMAIL_VERIFICATION` */
    readonly isConfirmationRequired: boolean,
  ) {
    this.owner.mailboxes.push(home);
  }

  /** Where the owner asks for links: the address of the account, or the one that the owner knows. */
  get ownAddress(): string {
    const { account, owner, home } = this;
    return account && owner.mailboxes.includes(account.address) ? account.address : home;
  }

  get isWithOwner(): boolean {
    return this.account !== undefined && this.owner.mailboxes.includes(this.account.address);
  }

  /** Where the thief attacks. */
  get target(): string {
    return this.account?.address ?? this.home;
  }

  made(by: 'owner' | 'thief'): void {
    this.account = { address: this.home, belongsTo: by, isConfirmed: false, reverts: [] };
  }

  /** Whether the address has the right to take the account back. */
  hasWayBack(address: string, now: number): boolean {
    return this.account?.reverts.some((right) => right.address === address && right.until > now) ?? false;
  }

  /**
   * The account has its new address. Who goes back to a former address, while it has a way back, ends those that came after it.
   */
  moved(address: string, now: number): void {
    const { account } = this;
    if (!account) return;
    if (this.hasWayBack(address, now)) this.movedBack(address, now);
    else this.movedOn(account, address, now);
  }

  private movedOn(account: Account, address: string, now: number): void {
    const { isConfirmed } = account;
    account.reverts.push({ address: account.address, until: now + REVERT_MS, isConfirmed });
    // Without a session the owner has nothing left of an account whose address nobody had confirmed.
    const isGone = !isConfirmed && this.owner.sessions.length === 0 && this.thief.mailboxes.includes(address);
    account.address = address;
    account.isConfirmed = true;
    this.voidedAt = now;
    if (isGone) this.forget();
  }

  /** The account has a former address back: younger rights to do so are over. */
  movedBack(address: string, now: number): void {
    if (!this.account) this.made('owner');
    const { account } = this;
    if (!account) return;
    const index = account.reverts.findIndex((right) => right.address === address);
    account.reverts.splice(Math.max(index, 0));
    account.address = address;
    account.isConfirmed = true;
    this.voidedAt = now;
  }

  /** Whether the owner has the oldest link that takes a change back. */
  ownersRight(now: number): RevertRight | undefined {
    const links = this.account?.reverts.filter(({ until, isConfirmed }) => isConfirmed && until > now + 60_000);
    const [oldest] = links ?? [];
    return oldest && this.owner.mailboxes.includes(oldest.address) ? oldest : undefined;
  }

  /** The account is no concern of the owner's any more. What the thief has of it is the thief's own. */
  forget(): void {
    this.account = undefined;
    Object.assign(this.owner, { password: undefined, sessions: [], copied: undefined });
    Object.assign(this.thief, { passwords: [], devices: [], sessions: [], mailboxes: [] });
    this.thief.changes.clear();
  }

  /** @param links all that have come to the thief, also what had waited to be sent */
  lose(since: string, { passwords, devices, session, link }: Loss, links: readonly Link[]): void {
    const { thief, lost } = this;
    if (passwords)
      lost.push(...thief.passwords.splice(0).map((password) => ({ since, kind: 'password', password }) as const));
    // One of them shows what becomes of all.
    if (devices)
      lost.push(
        ...thief.devices
          .splice(0)
          .slice(-1)
          .map((device) => ({ since, kind: 'device', device }) as const),
      );
    if (session) {
      lost.push(
        ...thief.sessions.filter(session).map((ended) => ({ since, kind: 'session', session: ended }) as const),
      );
      thief.sessions = thief.sessions.filter((alive) => !session(alive));
    }
    if (link) lost.push(...links.filter(link).map((void_) => ({ since, kind: 'link', link: void_ }) as const));
  }

  /** @param isRevertLost whether rights to take a change of address back end too */
  loseEverything(since: string, links: readonly Link[], isRevertLost = false): void {
    const link = ({ purpose }: Link) => isRevertLost || purpose !== 'revert-email-change';
    this.lose(since, { passwords: true, devices: true, session: () => true, link }, links);
  }

  /** @param isEnded of the sessions that the owner ended */
  loseSessions(since: string, isEnded: (id: string) => boolean, links: readonly Link[]): void {
    const link = ({ purpose, address }: Link) =>
      purpose === 'confirm-email-change' && isEnded(this.thief.changes.get(address) ?? '');
    this.lose(since, { session: ({ id }) => isEnded(id), link }, links);
  }
}
