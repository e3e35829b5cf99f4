/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@apollo/client';
import { gql } from '@apollo/client';
/** The credentials of an existing account. */
export type LoginInput = {
  /** The address of the account, in any letter case. */
  email: string;
  /** Compared exactly as it is sent. */
  password: string;
  /** A refresh token that this device had before, ended or not. It shows that the device is known to the account, so that wrong passwords of others do not slow it down. Browsers do not need it: a cookie says the same. */
  refreshToken?: string | null | undefined;
  /** How to receive the tokens. BODY when absent. */
  transport?: TokenTransport | null | undefined;
};

/** Which session to end. */
export type LogoutInput = {
  /** True ends every session of the user. */
  everywhere?: boolean | null | undefined;
  /** Ends the session of this token, besides that of the cookie and of the access token. */
  refreshToken?: string | null | undefined;
};

/** The token of a link to sign in with. */
export type MagicLinkInput = {
  /** What follows `#token=` in the link of the mail. */
  token: string;
  /** How to receive the tokens. BODY when absent. */
  transport?: TokenTransport | null | undefined;
};

/** The refresh token to exchange. */
export type RefreshInput = {
  /** Absent or null: the one in the cookie is used. */
  refreshToken?: string | null | undefined;
};

/** A new account. */
export type SignupInput = {
  /** The address to sign in with. Blanks around it and letter case do not matter. */
  email: string;
  /** The language of mails, as a BCP 47 tag such as `de` or `de-CH`. Absent: what the browser prefers (Accept-Language). */
  locale?: string | null | undefined;
  /** What to call the user. At most 200 characters. */
  name?: string | null | undefined;
  /** 8 to 1024 characters of any kind, none of the common passwords. */
  password: string;
  /** How to receive the tokens. BODY when absent. */
  transport?: TokenTransport | null | undefined;
};

/** How a client receives its tokens. */
export type TokenTransport =
  /** In the payload; the client keeps them and sends an Authorization header. */
  | 'BODY'
  /** In HttpOnly cookies that scripts can not read; the token fields of the payload are null. */
  | 'COOKIE';

export type CurrentUserFragment = { __typename: 'User', id: string, email: string, emailVerified: boolean, name: string | null, locale: string | null, roles: Array<string>, permissions: Array<string> | null };

export type SignedInFragment = { __typename: 'AuthPayload', accessToken: string | null, refreshToken: string | null, expiresIn: number, user: { __typename: 'User', id: string, email: string, emailVerified: boolean, name: string | null, locale: string | null, roles: Array<string>, permissions: Array<string> | null }, session: { __typename: 'Session', id: string } };

export type LatchkeySignupMutationVariables = Exact<{
  input: SignupInput;
}>;


export type LatchkeySignupMutation = { signup:
    | { __typename: 'AuthPayload', accessToken: string | null, refreshToken: string | null, expiresIn: number, user: { __typename: 'User', id: string, email: string, emailVerified: boolean, name: string | null, locale: string | null, roles: Array<string>, permissions: Array<string> | null }, session: { __typename: 'Session', id: string } }
    | { __typename: 'EmailVerificationRequired', email: string }
   };

export type LatchkeyLoginMutationVariables = Exact<{
  input: LoginInput;
}>;


export type LatchkeyLoginMutation = { login:
    | { __typename: 'AuthPayload', accessToken: string | null, refreshToken: string | null, expiresIn: number, user: { __typename: 'User', id: string, email: string, emailVerified: boolean, name: string | null, locale: string | null, roles: Array<string>, permissions: Array<string> | null }, session: { __typename: 'Session', id: string } }
    | { __typename: 'EmailVerificationRequired', email: string }
   };

export type LatchkeyLoginWithMagicLinkMutationVariables = Exact<{
  input: MagicLinkInput;
}>;


export type LatchkeyLoginWithMagicLinkMutation = { loginWithMagicLink:
    | { __typename: 'AuthPayload', accessToken: string | null, refreshToken: string | null, expiresIn: number, user: { __typename: 'User', id: string, email: string, emailVerified: boolean, name: string | null, locale: string | null, roles: Array<string>, permissions: Array<string> | null }, session: { __typename: 'Session', id: string } }
    | { __typename: 'EmailVerificationRequired', email: string }
   };

export type LatchkeyRefreshMutationVariables = Exact<{
  input?: RefreshInput | null | undefined;
}>;


export type LatchkeyRefreshMutation = { refresh: { __typename: 'AuthPayload', accessToken: string | null, refreshToken: string | null, expiresIn: number, user: { __typename: 'User', id: string, email: string, emailVerified: boolean, name: string | null, locale: string | null, roles: Array<string>, permissions: Array<string> | null }, session: { __typename: 'Session', id: string } } };

export type LatchkeyLogoutMutationVariables = Exact<{
  input?: LogoutInput | null | undefined;
}>;


export type LatchkeyLogoutMutation = { logout: boolean };

export type LatchkeyMeQueryVariables = Exact<{ [key: string]: never; }>;


export type LatchkeyMeQuery = { me: { __typename: 'User', id: string, email: string, emailVerified: boolean, name: string | null, locale: string | null, roles: Array<string>, permissions: Array<string> | null } };

export const CurrentUserFragmentDoc = gql`
    fragment CurrentUser on User {
  __typename
  id
  email
  emailVerified
  name
  locale
  roles
  permissions
}
    ` as unknown as DocumentNode<CurrentUserFragment, unknown>;
export const SignedInFragmentDoc = gql`
    fragment SignedIn on AuthPayload {
  __typename
  accessToken
  refreshToken
  expiresIn
  user {
    ...CurrentUser
  }
  session {
    __typename
    id
  }
}
    ` as unknown as DocumentNode<SignedInFragment, unknown>;
export const LatchkeySignupDocument = gql`
    mutation LatchkeySignup($input: SignupInput!) {
  signup(input: $input) {
    ...SignedIn
    ... on EmailVerificationRequired {
      __typename
      email
    }
  }
}
    ${SignedInFragmentDoc}
${CurrentUserFragmentDoc}` as unknown as DocumentNode<LatchkeySignupMutation, LatchkeySignupMutationVariables>;
export const LatchkeyLoginDocument = gql`
    mutation LatchkeyLogin($input: LoginInput!) {
  login(input: $input) {
    ...SignedIn
    ... on EmailVerificationRequired {
      __typename
      email
    }
  }
}
    ${SignedInFragmentDoc}
${CurrentUserFragmentDoc}` as unknown as DocumentNode<LatchkeyLoginMutation, LatchkeyLoginMutationVariables>;
export const LatchkeyLoginWithMagicLinkDocument = gql`
    mutation LatchkeyLoginWithMagicLink($input: MagicLinkInput!) {
  loginWithMagicLink(input: $input) {
    ...SignedIn
    ... on EmailVerificationRequired {
      __typename
      email
    }
  }
}
    ${SignedInFragmentDoc}
${CurrentUserFragmentDoc}` as unknown as DocumentNode<LatchkeyLoginWithMagicLinkMutation, LatchkeyLoginWithMagicLinkMutationVariables>;
export const LatchkeyRefreshDocument = gql`
    mutation LatchkeyRefresh($input: RefreshInput) {
  refresh(input: $input) {
    ...SignedIn
  }
}
    ${SignedInFragmentDoc}
${CurrentUserFragmentDoc}` as unknown as DocumentNode<LatchkeyRefreshMutation, LatchkeyRefreshMutationVariables>;
export const LatchkeyLogoutDocument = gql`
    mutation LatchkeyLogout($input: LogoutInput) {
  logout(input: $input)
}
    ` as unknown as DocumentNode<LatchkeyLogoutMutation, LatchkeyLogoutMutationVariables>;
export const LatchkeyMeDocument = gql`
    query LatchkeyMe {
  me {
    ...CurrentUser
  }
}
    ${CurrentUserFragmentDoc}` as unknown as DocumentNode<LatchkeyMeQuery, LatchkeyMeQueryVariables>;