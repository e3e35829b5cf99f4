import { parseSetCookie } from 'cookie';
import type { GraphQLAnswer } from '../../support/graphql-client.js';
import type { World } from './world.js';

/** What a link in a mail is for: the page that it leads to. */
export type Purpose = 'verify-email' | 'reset-password' | 'magic-link' | 'confirm-email-change' | 'revert-email-change';

/** Links that anybody can ask for, for any address. */
export type Asked = 'verify-email' | 'reset-password' | 'magic-link';

export interface Tokens {
  readonly id: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** What a client shows of itself besides its credentials. */
export interface Shown {
  /** The token of a session, in the Authorization header. */
  readonly token?: string | undefined;
  /** The value of a device cookie. */
  readonly device?: string | undefined;
}

interface Payload {
  readonly __typename: string;
  readonly accessToken?: string;
  readonly refreshToken?: string;
  readonly session?: { id: string };
}

type Data = Record<string, unknown>;
export type Answer = GraphQLAnswer;

const PAYLOAD = '{ __typename ... on AuthPayload { accessToken refreshToken session { id } } }';
const DEVICE = 'latchkey-device';

const REQUESTS: Record<Asked, string> = {
  'verify-email': 'requestEmailVerification',
  'reset-password': 'requestPasswordReset',
  'magic-link': 'requestMagicLink',
};

/** A client of the API at a network address of its own. Each of its calls takes a second. */
export class Person {
  /** What a browser keeps. */
  private readonly cookies = new Map<string, string>();

  constructor(
    private readonly world: World,
    private readonly network: string,
    private readonly isBrowser = false,
  ) {}

  signup(email: string, password: string, shown?: Shown): Promise<Answer> {
    return this.call(
      `mutation ($input: SignupInput!) { signup(input: $input) ${PAYLOAD} }`,
      { email, password },
      shown,
    );
  }

  login(email: string, password: string, shown?: Shown): Promise<Answer> {
    return this.call(`mutation ($input: LoginInput!) { login(input: $input) ${PAYLOAD} }`, { email, password }, shown);
  }

  refresh(refreshToken: string): Promise<Answer> {
    return this.call(
      'mutation ($input: RefreshInput!) { refresh(input: $input) { __typename accessToken refreshToken session { id } } }',
      { refreshToken },
    );
  }

  me(token: string): Promise<Answer> {
    return this.query('{ me { id email } }', {}, { token });
  }

  mySessions(token: string): Promise<Answer> {
    return this.query('{ mySessions { id current } }', {}, { token });
  }

  changePassword(token: string, currentPassword: string, newPassword: string): Promise<Answer> {
    const input = { currentPassword, newPassword };
    return this.call('mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }', input, { token });
  }

  requestEmailChange(token: string, newEmail: string, password: string): Promise<Answer> {
    const input = { newEmail, password };
    return this.call('mutation ($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) }', input, {
      token,
    });
  }

  updateProfile(token: string, name: string): Promise<Answer> {
    return this.call(
      'mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { id } }',
      { name },
      { token },
    );
  }

  revokeSession(token: string, id: string): Promise<Answer> {
    return this.query('mutation ($id: ID!) { revokeSession(id: $id) }', { id }, { token });
  }

  revokeOtherSessions(token: string): Promise<Answer> {
    return this.query('mutation { revokeOtherSessions }', {}, { token });
  }

  logout(token: string, everywhere: boolean): Promise<Answer> {
    return this.call('mutation ($input: LogoutInput!) { logout(input: $input) }', { everywhere }, { token });
  }

  deleteAccount(token: string, password: string): Promise<Answer> {
    return this.query('mutation ($password: String!) { deleteAccount(password: $password) }', { password }, { token });
  }

  /** Asks for a mail to an address, whoever has it. */
  ask(purpose: Asked, email: string): Promise<Answer> {
    return this.query(`mutation ($email: String!) { ${REQUESTS[purpose]}(email: $email) }`, { email });
  }

  /** Follows a link. Resetting a password takes a new one. */
  follow(purpose: Purpose, token: string, newPassword: string, shown?: Shown): Promise<Answer> {
    switch (purpose) {
      case 'verify-email':
        return this.query('mutation ($token: String!) { verifyEmail(token: $token) { id } }', { token }, shown);
      case 'reset-password':
        return this.call(
          'mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) }',
          { token, newPassword },
          shown,
        );
      case 'magic-link':
        return this.call(
          `mutation ($input: MagicLinkInput!) { loginWithMagicLink(input: $input) ${PAYLOAD} }`,
          { token },
          shown,
        );
      case 'confirm-email-change':
        return this.query('mutation ($token: String!) { confirmEmailChange(token: $token) { id } }', { token }, shown);
      case 'revert-email-change':
        return this.query('mutation ($token: String!) { revertEmailChange(token: $token) }', { token }, shown);
    }
  }

  private call(document: string, input: Data, shown?: Shown): Promise<Answer> {
    return this.query(document, { input }, shown);
  }

  private async query(document: string, variables: Data, { token, device }: Shown = {}): Promise<Answer> {
    this.world.time.advance(1);
    const cookies = device === undefined ? [...this.cookies] : [[DEVICE, device]];
    const headers = {
      'x-forwarded-for': this.network,
      'user-agent': `Client of ${this.network}`,
      cookie: cookies.map((cookie) => cookie.join('=')).join('; '),
      // The page of the frontend, from which alone cookies count.
      ...(this.isBrowser && { origin: this.world.life.server.env.APP_URL }),
    };
    const answer = await this.world.life.server.call(document, variables, { token, headers });
    if (this.isBrowser) for (const { name, value = '' } of cookiesOf(answer)) this.cookies.set(name, value);
    return answer;
  }
}

const cookiesOf = ({ headers }: Answer) => headers.getSetCookie().map((line) => parseSetCookie(line));

/** The tokens of an answer that signed somebody in. */
export function tokensOf({ data }: Answer): Tokens | undefined {
  const [payload] = Object.values(data ?? {}) as (Payload | null)[];
  if (!payload?.accessToken || !payload.refreshToken || !payload.session) return undefined;
  return { id: payload.session.id, accessToken: payload.accessToken, refreshToken: payload.refreshToken };
}

/** The device cookie that an answer sets. */
export const deviceOf = (answer: Answer): string | undefined =>
  cookiesOf(answer).find(({ name }) => name === DEVICE)?.value;

export const isDone = ({ errors, data }: Answer): boolean => errors.length === 0 && Boolean(data);
