import { MailSender } from '../../../src/mail/mail-sender.js';
import { Mail } from '../../../src/mail/mail.entity.js';
import type { LifecycleServer } from '../../lifecycle/operations.js';
import { Person, type Purpose } from './person.js';
import type { StoppedTime } from './stopped-time.js';

/** Each world has networks and addresses of its own, so that many of them fit on one server one after the other. */
let worlds = 0;

/** A link as it stands in a mail. */
export interface Link {
  readonly purpose: Purpose;
  readonly token: string;
  /** The mailbox that it came to. */
  readonly address: string;
}

/** What is real: a server, the mailboxes of two people, their networks, and the time. */
export class World {
  readonly owner: Person;
  readonly thief: Person;
  readonly stranger: Person;
  /** The mailbox of the owner. */
  readonly home: string;
  /** An address that nobody has and nobody asks for, but the stranger, to compare. */
  readonly free: string;
  private readonly number = worlds++;
  private names = 0;
  private networks = 0;

  constructor(
    readonly life: LifecycleServer,
    readonly time: StoppedTime,
  ) {
    this.owner = this.person(true);
    this.thief = this.person();
    this.stranger = this.person();
    this.home = this.address('owner');
    this.free = this.address('free');
  }

  /** Whatever the worlds before have left in the outbox is nobody's business here. */
  async begin(): Promise<this> {
    await this.life.server.em().nativeDelete(Mail, {});
    this.life.mails.received.length = 0;
    return this;
  }

  /** Somebody at a network where nobody has been before. */
  person(isBrowser = false): Person {
    const network = [this.number >> 8, this.number & 255, ++this.networks].join('.');
    return new Person(this, `10.${network}`, isBrowser);
  }

  address(of: 'owner' | 'thief' | 'free'): string {
    return `${of}-${String(++this.names)}.${String(this.number)}@example.com`;
  }

  password(of: 'owner' | 'thief' | 'nobody'): string {
    return `a phrase of the ${of}, number ${String(++this.names)} of game ${String(this.number)}`;
  }

  /** Brings every mail that waits to its mailbox. */
  async deliver(): Promise<void> {
    await this.life.server.app.get(MailSender).sendDue();
  }

  /** The links that have come to these mailboxes, the oldest first. */
  links(addresses: readonly string[]): Link[] {
    return this.life.mails.received.flatMap(({ to, link, token }) => {
      if (link === undefined || token === undefined || !addresses.includes(to)) return [];
      return [{ purpose: new URL(link).pathname.slice(1) as Purpose, token, address: to }];
    });
  }

  /** Opens mailboxes. @returns the newest link of this purpose in them */
  async newest(purpose: Purpose, addresses: readonly string[]): Promise<Link | undefined> {
    await this.deliver();
    return this.links(addresses).findLast((link) => link.purpose === purpose);
  }
}
