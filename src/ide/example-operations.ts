import type { AltairConfigOptions } from 'altair-static';

/** One tab of the playground. */
export type ExampleOperation = NonNullable<AltairConfigOptions['initialWindows']>[number];

const credentials = { email: 'ada@example.com', password: 'correct horse battery' };
const rememberedSession = { input: { refreshToken: '{{refreshToken}}' } };

const authPayload = `... on AuthPayload {
      accessToken
      refreshToken
      expiresIn
      user { id email roles }
    }`;

/**
 * The ready-made tabs, in the order in which a newcomer runs them; Altair opens on the last one. `ide-page.ts` gives
 * every tab the Authorization header and the script that fills `{{accessToken}}` and `{{refreshToken}}`.
 */
export const exampleOperations: ExampleOperation[] = [
  example(
    'Sign up',
    `# Creates an account and signs it in. The other tabs use its tokens by themselves.
mutation SignUp($input: SignupInput!) {
  signup(input: $input) {
    ${authPayload}
    ... on EmailVerificationRequired { email }
  }
}`,
    { input: { ...credentials, name: 'Ada Lovelace' } },
  ),
  example(
    'Log in',
    `# Signs in with the account of the first tab. The other tabs use its tokens by themselves.
mutation LogIn($input: LoginInput!) {
  login(input: $input) {
    ${authPayload}
    ... on EmailVerificationRequired { email }
  }
}`,
    { input: credentials },
  ),
  example(
    'Me',
    `# Who the access token in the Authorization header speaks for.
query Me {
  me { id email emailVerified name roles permissions createdAt }
}`,
  ),
  example(
    'A refused field',
    `# Only callers with users:read may see lastLoginAt. For others it is null, with one FORBIDDEN error at its path,
# and the rest of the answer arrives.
query ARefusedField {
  me { id lastLoginAt }
}`,
  ),
  example(
    'My sessions',
    `# Every place where this account is signed in.
query MySessions {
  mySessions { id device ipAddress createdAt lastActiveAt expiresAt current }
}`,
  ),
  example(
    'Refresh',
    `# Trades the remembered refresh token for new tokens. The other tabs use them by themselves.
mutation Refresh($input: RefreshInput!) {
  refresh(input: $input) { accessToken refreshToken expiresIn }
}`,
    rememberedSession,
  ),
  example(
    'Log out',
    `# Ends the session. Its tokens stop working at once, and the other tabs forget them.
mutation LogOut($input: LogoutInput) {
  logout(input: $input)
}`,
    rememberedSession,
  ),
  example(
    'Forgot password',
    `# Writes a mail with a link. Without MAIL_URL the mail is at /mails on this server, and its link in the log.
mutation ForgotPassword($email: String!) {
  requestPasswordReset(email: $email)
}`,
    { email: credentials.email },
  ),
  example(
    'New password',
    `# Paste what follows #token= in the link of the mail. It works once, and ends every session.
mutation NewPassword($input: ResetPasswordInput!) {
  resetPassword(input: $input)
}`,
    { input: { token: 'lko_…', newPassword: 'another horse, another battery' } },
  ),
  example(
    'Server info',
    `# Public: what a sign-in page needs to draw itself. Then try the other tabs, from left to right.
query ServerInfo {
  serverInfo {
    version
    signupEnabled
    emailVerificationRequired
    passwordPolicy { minLength maxLength }
    tokenTransports
  }
}`,
  ),
];

function example(name: string, query: string, variables: object = {}): ExampleOperation {
  return { initialName: name, initialQuery: query, initialVariables: JSON.stringify(variables, null, 2) };
}
