/** Who asks, by what they hold. `reader` holds a role of an operator's own with the permission `users:read`. */
export type Caller = 'anonymous' | 'user' | 'reader' | 'admin';

/** What comes of it: the field's value, or the refusal. */
type Outcome = 'data' | 'UNAUTHENTICATED/TOKEN_MISSING' | 'FORBIDDEN';

export interface AccessRow {
  /** Asks for the field, and for nothing that is restricted besides. */
  readonly document: string;
  /** Where the field is in the answer. */
  readonly path: readonly (string | number)[];
  readonly expected: Readonly<Record<Caller, Outcome>>;
  /** Of the object that has the field, below the root. `User` unless it is said. */
  readonly type?: string;
}

const TOKEN_MISSING = 'UNAUTHENTICATED/TOKEN_MISSING';

const everybody = { anonymous: 'data', user: 'data', reader: 'data', admin: 'data' } as const;
const signedIn = { ...everybody, anonymous: TOKEN_MISSING } as const;
const readers = { ...signedIn, user: 'FORBIDDEN' } as const;

const administrators = { ...readers, reader: 'FORBIDDEN' } as const;

const NOBODY = '01890000-0000-7000-8000-000000000000';

const me = (field: string, expected: AccessRow['expected']): AccessRow => ({
  document: `{ me { ${field} } }`,
  path: ['me', field.split(' ')[0] ?? ''],
  // Without a caller there is no user whose field could be null: `me` itself is refused.
  expected,
});

const root = (document: string, field: string, expected: AccessRow['expected']): AccessRow => ({
  document,
  path: [field],
  expected,
});

const NEW = 'newPassword: "an entirely different phrase"';
const WRONG = 'email: "nobody@example.com", password: "wrong password"';

/**
 * Every root field and every restricted field of the schema. A field that is not here fails the test: whoever adds one
 * says here who may use it.
 */
export const ACCESS_MATRIX: Readonly<Record<string, AccessRow>> = {
  'Query.me': root('{ me { id } }', 'me', signedIn),
  'Query.mySessions': root('{ mySessions { id } }', 'mySessions', signedIn),
  'Query.serverInfo': root('{ serverInfo { version } }', 'serverInfo', everybody),
  // The public mutations answer everybody; that these credentials and tokens are wrong is another matter.
  'Mutation.login': root(`mutation { login(input: { ${WRONG} }) { __typename } }`, 'login', everybody),
  'Mutation.signup': root(
    'mutation { signup(input: { email: "no", password: "no" }) { __typename } }',
    'signup',
    everybody,
  ),
  'Mutation.refresh': root('mutation { refresh(input: { refreshToken: "no" }) { expiresIn } }', 'refresh', everybody),
  'Mutation.logout': root('mutation { logout(input: { refreshToken: "no" }) }', 'logout', everybody),
  'Mutation.revokeSession': root(`mutation { revokeSession(id: "${NOBODY}") }`, 'revokeSession', signedIn),
  'Mutation.revokeOtherSessions': root('mutation { revokeOtherSessions }', 'revokeOtherSessions', signedIn),
  'Mutation.requestEmailVerification': root(
    'mutation { requestEmailVerification(email: "nobody@example.com") }',
    'requestEmailVerification',
    everybody,
  ),
  'Mutation.requestPasswordReset': root(
    'mutation { requestPasswordReset(email: "nobody@example.com") }',
    'requestPasswordReset',
    everybody,
  ),
  'Mutation.requestMagicLink': root(
    'mutation { requestMagicLink(email: "nobody@example.com") }',
    'requestMagicLink',
    everybody,
  ),
  // What has a token of a mail needs nothing else.
  'Mutation.verifyEmail': root('mutation { verifyEmail(token: "no") { id } }', 'verifyEmail', everybody),
  'Mutation.resetPassword': root(
    'mutation { resetPassword(input: { token: "no", newPassword: "an entirely different phrase" }) }',
    'resetPassword',
    everybody,
  ),
  'Mutation.confirmEmailChange': root(
    'mutation { confirmEmailChange(token: "no") { id } }',
    'confirmEmailChange',
    everybody,
  ),
  'Mutation.revertEmailChange': root('mutation { revertEmailChange(token: "no") }', 'revertEmailChange', everybody),
  'Mutation.loginWithMagicLink': root(
    'mutation { loginWithMagicLink(input: { token: "no" }) { __typename } }',
    'loginWithMagicLink',
    everybody,
  ),
  'Mutation.updateProfile': root('mutation { updateProfile(input: {}) { id } }', 'updateProfile', signedIn),
  'Mutation.changePassword': root(
    `mutation { changePassword(input: { currentPassword: "wrong password", ${NEW} }) }`,
    'changePassword',
    signedIn,
  ),
  'Mutation.requestEmailChange': root(
    'mutation { requestEmailChange(input: { newEmail: "nobody@example.com", password: "wrong password" }) }',
    'requestEmailChange',
    signedIn,
  ),
  'Mutation.deleteAccount': root('mutation { deleteAccount(password: "wrong password") }', 'deleteAccount', signedIn),
  'Query.users': root('{ users(first: 1) { totalCount } }', 'users', readers),
  'Query.user': root(`{ user(id: "${NOBODY}") { id } }`, 'user', readers),
  'Query.roles': root('{ roles { name } }', 'roles', administrators),
  'Query.explainAccess': root(
    `{ explainAccess(userId: "${NOBODY}", field: "Query.me") { decision } }`,
    'explainAccess',
    administrators,
  ),
  'Query.auditEvents': root('{ auditEvents(first: 1) { nodes { id } } }', 'auditEvents', administrators),
  'Query.myAuditEvents': root('{ myAuditEvents(first: 1) { nodes { id } } }', 'myAuditEvents', signedIn),
  'Query.signingKeys': root('{ signingKeys { kid } }', 'signingKeys', administrators),
  'Mutation.createUser': root('mutation { createUser(input: { email: "no" }) { id } }', 'createUser', administrators),
  'Mutation.updateUser': root(
    `mutation { updateUser(input: { id: "${NOBODY}" }) { id } }`,
    'updateUser',
    administrators,
  ),
  'Mutation.setUserRoles': root(
    `mutation { setUserRoles(userId: "${NOBODY}", roles: []) { id } }`,
    'setUserRoles',
    administrators,
  ),
  'Mutation.disableUser': root(`mutation { disableUser(id: "${NOBODY}") { id } }`, 'disableUser', administrators),
  'Mutation.enableUser': root(`mutation { enableUser(id: "${NOBODY}") { id } }`, 'enableUser', administrators),
  'Mutation.deleteUser': root(`mutation { deleteUser(id: "${NOBODY}") }`, 'deleteUser', administrators),
  'Mutation.revokeUserSessions': root(
    `mutation { revokeUserSessions(userId: "${NOBODY}") }`,
    'revokeUserSessions',
    administrators,
  ),
  'Mutation.impersonate': root(
    `mutation { impersonate(userId: "${NOBODY}", reason: "a test") { expiresIn } }`,
    'impersonate',
    administrators,
  ),
  'Mutation.createRole': root(
    'mutation { createRole(input: { name: "No", permissions: [] }) { name } }',
    'createRole',
    administrators,
  ),
  'Mutation.updateRole': root(
    'mutation { updateRole(input: { name: "nothing", permissions: [] }) { name } }',
    'updateRole',
    administrators,
  ),
  'Mutation.deleteRole': root('mutation { deleteRole(name: "nothing") }', 'deleteRole', administrators),
  'Mutation.rotateSigningKey': root('mutation { rotateSigningKey { kid } }', 'rotateSigningKey', administrators),
  'User.permissions': me('permissions', signedIn),
  'User.lastLoginAt': me('lastLoginAt', readers),
  'User.disabledAt': me('disabledAt', readers),
  'User.disabledReason': me('disabledReason', readers),
  'User.revision': me('revision', readers),
  'User.externalId': me('externalId', readers),
  'Session.impersonatedBy': {
    document: '{ mySessions { impersonatedBy } }',
    path: ['mySessions', 0, 'impersonatedBy'],
    type: 'Session',
    expected: readers,
  },
  'User.sessions': me('sessions { id }', readers),
};

/** What a public mutation with wrong input or a guarded one without its row answers once access was granted. */
export const NOT_ABOUT_ACCESS = [
  'BAD_USER_INPUT',
  'BAD_USER_INPUT/ONE_TIME_TOKEN_INVALID',
  'BAD_USER_INPUT/WEAK_PASSWORD',
  'INVALID_CREDENTIALS',
  'NOT_FOUND',
  'UNAUTHENTICATED/REFRESH_TOKEN_INVALID',
];
