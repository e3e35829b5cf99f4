import { randomInt, randomUUID } from 'node:crypto';
import { parseSetCookie } from 'cookie';
import type { LifecycleServer } from '../../lifecycle/operations.js';
import type { GraphQLAnswer } from '../../support/graphql-client.js';
import { refusalOf } from '../../support/refusals.js';
import type { Operation } from './operations.js';

/** Stands in everything that a stranger can write freely. No mail to somebody else holds it. */
export const MARK = 'zqmark';

const PASSWORD = `${MARK} a password of a stranger`;

/** The pages that links lead to, by the operation that takes the token. */
const PAGES: Readonly<Record<string, string>> = {
  verifyEmail: 'verify-email',
  resetPassword: 'reset-password',
  loginWithMagicLink: 'magic-link',
  confirmEmailChange: 'confirm-email-change',
  revertEmailChange: 'revert-email-change',
};

let people = 0;

/** Somebody without an account, with a browser, a mailbox, and a network address that nobody else has. */
export class Stranger {
  /** Of the stranger's own. */
  readonly mailbox = `${MARK}-${randomUUID()}@stranger.example`;
  private readonly network = ((number) => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`)(++people);
  private readonly cookies = new Map<string, string>();
  private session: { accessToken: string; refreshToken: string } | undefined;
  /** The address that the session's account has. */
  private account: string | undefined;

  constructor(
    private readonly life: LifecycleServer,
    /** The address that the stranger is after. */
    readonly target: string,
  ) {}

  get isSignedIn(): boolean {
    return this.session !== undefined;
  }

  /** @param email the address that it names: by default that of somebody else */
  async send(operation: Operation, email = this.target): Promise<GraphQLAnswer> {
    const token = PAGES[operation.name] ? await this.tokenFrom(PAGES[operation.name]) : '';
    const variables = operation.variablesOf((name) => this.fill(name, email, token));
    const answer = await this.life.server.call(operation.document, variables, {
      token: operation.isPublic && !PAGES[operation.name] ? undefined : this.session?.accessToken,
      headers: this.headers(),
    });
    this.keep(answer, operation, email);
    return answer;
  }

  /** What the stranger could tell from an answer: all of it but the address that was asked about. */
  seen(answer: GraphQLAnswer): unknown {
    const headers = [...answer.headers]
      .filter(([name]) => !['date', 'set-cookie', 'x-request-id', 'content-length'].includes(name))
      .map((header) => header.join(': '));
    const cookies = answer.headers.getSetCookie().map((line) => ({ ...parseSetCookie(line), value: '', expires: '' }));
    const body = JSON.parse(answer.text.replaceAll(this.target, 'TARGET')) as { errors?: unknown };
    return { status: answer.status, headers, cookies, body: body.errors ? refusalOf(answer) : body };
  }

  private fill(name: string, email: string, token: string): string | boolean {
    switch (name) {
      case 'email':
        return email;
      case 'newEmail':
        return this.account === this.target ? this.mailbox : this.target;
      case 'password':
        return this.isSignedIn ? '' : PASSWORD;
      case 'currentPassword':
        return '';
      case 'newPassword':
        return `${PASSWORD}, and another`;
      case 'token':
        return token;
      case 'refreshToken':
        return this.session?.refreshToken ?? `lkr_${MARK}`;
      case 'locale':
        return `en-x-${MARK}`;
      case 'id':
        return randomUUID();
      case 'everywhere':
        return true;
      default:
        return `${MARK} ${name} <b>https://${MARK}.example</b>`;
    }
  }

  private headers(): Record<string, string> {
    const marked = ['x-request-id', 'referer', 'x-forwarded-host', 'forwarded', 'from', 'x-real-ip', 'x-client-name'];
    return {
      ...Object.fromEntries(marked.map((name) => [name, `${MARK}-${name}`])),
      'x-forwarded-for': this.network,
      // Each time another device.
      'user-agent': `${MARK} call ${randomInt(1e9)} now/x (Windows NT 10.0; ${MARK})`,
      'accept-language': `en-x-${MARK}`,
      cookie: [...this.cookies].map((pair) => pair.join('=')).join('; '),
    };
  }

  private keep(answer: GraphQLAnswer, { name }: Operation, email: string): void {
    for (const line of answer.headers.getSetCookie()) {
      const cookie = parseSetCookie(line);
      if (cookie.value) this.cookies.set(cookie.name, cookie.value);
      else this.cookies.delete(cookie.name);
    }
    const payload = answer.data?.[name] as Stranger['session'] | boolean | null | undefined;
    if (typeof payload !== 'object' || !payload?.accessToken) return;
    this.session = payload;
    if (name === 'signup') this.account = email;
  }

  /** The newest link in the stranger's own mailbox, or something made up. */
  private async tokenFrom(page: string | undefined): Promise<string> {
    await this.life.send();
    const mail = this.life.mails.to(this.mailbox).findLast(({ link }) => link?.includes(`/${String(page)}#`));
    return mail?.token ?? `lko_${MARK}`;
  }
}
