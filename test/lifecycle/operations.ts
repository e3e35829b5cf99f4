import { Mail } from '../../src/mail/mail.entity.js';
import { MailSender } from '../../src/mail/mail-sender.js';
import { PASSWORD } from '../support/accounts.js';
import type { CallOptions, GraphQLAnswer } from '../support/graphql-client.js';
import { MailServer, type ReceivedMail } from '../support/mail-server.js';
import { TestServer, type TestServerOptions } from '../support/test-server.js';

type Server = Pick<TestServer, 'call'>;
type Answer<T> = Promise<GraphQLAnswer<T>>;

const PAYLOAD = `__typename ... on AuthPayload { accessToken refreshToken user { id email emailVerified } session { id authMethods } }`;

/** The operations of the life cycle, refused or not. */
export const ask = {
  verification: (server: Server, email: string, options?: CallOptions): Answer<{ requestEmailVerification: boolean }> =>
    server.call('mutation ($email: String!) { requestEmailVerification(email: $email) }', { email }, options),
  reset: (server: Server, email: string, options?: CallOptions): Answer<{ requestPasswordReset: boolean }> =>
    server.call('mutation ($email: String!) { requestPasswordReset(email: $email) }', { email }, options),
  magicLink: (server: Server, email: string, options?: CallOptions): Answer<{ requestMagicLink: boolean }> =>
    server.call('mutation ($email: String!) { requestMagicLink(email: $email) }', { email }, options),
  emailChange: (
    server: Server,
    token: string,
    newEmail: string,
    password = PASSWORD,
  ): Answer<{ requestEmailChange: boolean }> =>
    server.call(
      'mutation ($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) }',
      { input: { newEmail, password } },
      { token },
    ),
};

export interface MagicLogin {
  accessToken: string;
  refreshToken: string;
  user: { id: string; email: string; emailVerified: boolean };
  session: { id: string; authMethods: string[] };
}

export const use = {
  /** @param password null: something else shows who has the account */
  verification: (
    server: Server,
    token: string,
    password: string | null = PASSWORD,
    options?: CallOptions,
  ): Answer<{ verifyEmail: { id: string; emailVerified: boolean } }> =>
    server.call(
      'mutation ($token: String!, $password: String) { verifyEmail(token: $token, password: $password) { id email emailVerified roles } }',
      { token, password },
      options,
    ),
  reset: (
    server: Server,
    token: string,
    newPassword: string,
    options?: CallOptions,
  ): Answer<{ resetPassword: boolean }> =>
    server.call(
      'mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) }',
      { input: { token, newPassword } },
      options,
    ),
  magicLink: (server: Server, token: string): Answer<{ loginWithMagicLink: MagicLogin }> =>
    server.call(`mutation ($input: MagicLinkInput!) { loginWithMagicLink(input: $input) { ${PAYLOAD} } }`, {
      input: { token },
    }),
  emailChange: (
    server: Server,
    token: string,
    password: string | null = PASSWORD,
    options?: CallOptions,
  ): Answer<{ confirmEmailChange: { id: string; email: string } }> =>
    server.call(
      'mutation ($token: String!, $password: String) { confirmEmailChange(token: $token, password: $password) { id email emailVerified } }',
      { token, password },
      options,
    ),
  revert: (server: Server, token: string): Answer<{ revertEmailChange: boolean }> =>
    server.call('mutation ($token: String!) { revertEmailChange(token: $token) }', { token }),
};

export const changePassword = (
  server: Server,
  token: string,
  currentPassword: string,
  newPassword: string,
): Answer<{ changePassword: boolean }> =>
  server.call(
    'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }',
    { input: { currentPassword, newPassword } },
    { token },
  );

export const deleteAccount = (server: Server, token: string, password = PASSWORD): Answer<{ deleteAccount: boolean }> =>
  server.call('mutation ($password: String!) { deleteAccount(password: $password) }', { password }, { token });

export const NEW_PASSWORD = 'an entirely different phrase';

/** A server whose mails arrive at a real mail server, when the test says so. */
export class LifecycleServer {
  private constructor(
    readonly mails: MailServer,
    readonly server: TestServer,
  ) {}

  static async start({ env, ...options }: TestServerOptions = {}): Promise<LifecycleServer> {
    const mails = await MailServer.start();
    const settings = { MAIL_URL: mails.url, JOBS_ENABLED: 'false', ...env };
    return new LifecycleServer(mails, await TestServer.start({ env: settings, ...options }));
  }

  /** Sends what is due. */
  async send(): Promise<void> {
    await this.server.app.get(MailSender).sendDue();
  }

  /** Sends what is due. @returns the newest mail for the address */
  async mailTo(address: string): Promise<ReceivedMail> {
    await this.send();
    const mail = this.mails.to(address).at(-1);
    if (mail) return mail;
    const waiting = await this.server.em().find(Mail, {});
    const why = waiting.map(({ template, recipient, attempts, lastError }) => [
      template,
      recipient,
      attempts,
      lastError,
    ]);
    throw new Error(`No mail has come for ${address}. The outbox has ${JSON.stringify(why)}`);
  }

  /** Sends what is due. @returns the token in the newest mail for the address */
  async tokenFor(address: string): Promise<string> {
    const { token, text } = await this.mailTo(address);
    if (token === undefined) throw new Error(`No link is in: ${text}`);
    return token;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.mails.stop();
  }
}
