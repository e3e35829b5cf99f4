import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { AppError } from '../common/app-error.js';
import { badInput } from '../common/bad-input.js';
import { ErrorCode } from '../common/error-codes.js';
import type { Answer, Deployment } from './deployment.js';
import { randomAddress } from './guess.js';

const SELECTION = '... on AuthPayload { accessToken refreshToken user { roles } }';
const LOGIN = `mutation ($input: LoginInput!) { login(input: $input) { ${SELECTION} } }`;
const SIGNUP = `mutation ($input: SignupInput!) { signup(input: $input) { ${SELECTION} } }`;
const DELETE = 'mutation ($password: String!) { deleteAccount(password: $password) }';

const payload = z.object({
  accessToken: z.string(),
  refreshToken: z.string(),
  user: z.object({ roles: z.array(z.string()) }),
});

export type Session = z.output<typeof payload>;

/** An account of whom looks for faults: theirs, or one that is deleted when they are done. */
export class Account {
  /** The authority of each session, as headers. */
  private readonly opened: Readonly<Record<string, string>>[] = [];

  private constructor(
    private readonly deployment: Deployment,
    readonly email: string,
    private readonly password: string,
    private readonly isTemporary: boolean,
  ) {}

  /** @throws AppError `BAD_USER_INPUT` where the account can not sign in */
  static async existing(deployment: Deployment, email: string, password: string): Promise<Account> {
    const account = new Account(deployment, email, password, false);
    await account.signIn();
    return account;
  }

  /** @throws AppError `BAD_USER_INPUT` where nobody can sign up and be in at once */
  static async temporary(deployment: Deployment): Promise<Account> {
    const [email, password] = [randomAddress(), randomBytes(24).toString('base64url')];
    const answer = await deployment.graphql(SIGNUP, { variables: { input: { email, password } } });
    if (!payload.safeParse(answer.data?.['signup']).success) {
      throw badInput(
        '--sign-up',
        'needs a server on which whoever signs up is signed in; take --email with an account',
      );
    }
    return new Account(deployment, email, password, true);
  }

  async signIn(): Promise<Session> {
    const { data, error } = payload.safeParse((await this.login({})).data?.['login']);
    if (error) throw badInput('email', 'must be of an account that can sign in with this password');
    this.opened.push({ authorization: `Bearer ${data.accessToken}` });
    return data;
  }

  /** @returns what a browser would send back as its cookies */
  async signInWithCookies(): Promise<{ cookies: readonly string[]; cookie: string }> {
    const cookies = (await this.login({ transport: 'COOKIE' })).headers.getSetCookie();
    const cookie = cookies.map((text) => text.split(';', 1)[0]).join('; ');
    this.opened.push({ cookie, 'sec-fetch-site': 'same-origin' });
    return { cookies, cookie };
  }

  /**
   * Ends the sessions that were opened, and what is temporary.
   *
   * @throws AppError `CONFLICT` where a temporary account could not be deleted
   */
  async close(): Promise<void> {
    for (const headers of this.opened.splice(0)) await this.deployment.graphql('mutation { logout }', { headers });
    if (!this.isTemporary) return;
    const { accessToken } = await this.signIn();
    const variables = { password: this.password };
    const { data } = await this.deployment.graphql(DELETE, { variables, token: accessToken });
    if (data?.['deleteAccount'] === true) return;
    throw new AppError(
      ErrorCode.CONFLICT,
      `${this.email} has stayed behind. Delete it there with \`user delete\` on the command line, or as an administrator with \`deleteUser\`.`,
    );
  }

  private login(input: Readonly<Record<string, unknown>>): Promise<Answer> {
    return this.deployment.graphql(LOGIN, {
      variables: { input: { email: this.email, password: this.password, ...input } },
    });
  }
}
