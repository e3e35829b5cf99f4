import { newEmail, PASSWORD } from '../support/accounts.js';
import type { GraphQLAnswer } from '../support/graphql-client.js';
import type { TestServer } from '../support/test-server.js';
import { CookieJar } from './cookie-jar.js';

/** The frontend that `CORS_ORIGINS` lists by default. */
export const FRONTEND = 'http://localhost:5173';

const PAYLOAD = '... on AuthPayload { accessToken refreshToken user { id } session { id } }';
const SIGNUP = `mutation ($input: SignupInput!) { signup(input: $input) { ${PAYLOAD} } }`;
const LOGIN = `mutation ($input: LoginInput!) { login(input: $input) { ${PAYLOAD} } }`;
const REFRESH = `mutation { refresh { ${PAYLOAD} } }`;

export interface CookiePayload {
  accessToken: string | null;
  refreshToken: string | null;
  user: { id: string };
  session: { id: string };
}

/** A tab of a browser: it keeps what it is told to keep and sends it with every request, from one origin. */
export class CookieClient {
  readonly jar = new CookieJar();
  readonly email = newEmail();

  constructor(
    private readonly server: TestServer,
    private readonly headers: Record<string, string> = { origin: FRONTEND },
  ) {}

  /** `headers` replace those of the client. What the answer sets or clears is taken into the jar. */
  async call<T = Record<string, unknown>>(
    query: string,
    variables: Record<string, unknown> = {},
    headers: Record<string, string> = this.headers,
  ): Promise<GraphQLAnswer<T>> {
    const answer = await this.server.call<T>(query, variables, { headers: { cookie: this.jar.header, ...headers } });
    this.jar.receive(answer);
    return answer;
  }

  signUp(): Promise<GraphQLAnswer<{ signup: CookiePayload }>> {
    return this.call(SIGNUP, { input: { email: this.email, password: PASSWORD, transport: 'COOKIE' } });
  }

  logIn(password = PASSWORD): Promise<GraphQLAnswer<{ login: CookiePayload }>> {
    return this.call(LOGIN, { input: { email: this.email, password, transport: 'COOKIE' } });
  }

  refresh(headers?: Record<string, string>): Promise<GraphQLAnswer<{ refresh: CookiePayload }>> {
    return this.call(REFRESH, {}, headers);
  }

  /** The id of the user that the cookies stand for, as far as the server believes them. */
  async me(headers?: Record<string, string>): Promise<GraphQLAnswer<{ me: { id: string } }>> {
    return this.call('{ me { id } }', {}, headers);
  }
}

export async function signedUpWithCookies(server: TestServer): Promise<CookieClient & { userId: string }> {
  const client = new CookieClient(server);
  const { data, text } = await client.signUp();
  if (!data) throw new Error(`signup was refused: ${text}`);
  return Object.assign(client, { userId: data.signup.user.id });
}
