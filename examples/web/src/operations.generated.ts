/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { TypedDocumentNode as DocumentNode } from '@apollo/client';
import { gql } from '@apollo/client';
/** The password to replace, and the new one. */
export type ChangePasswordInput = {
  /** The present password. Empty is enough within 10 minutes (REAUTHENTICATION_MAX_AGE) after a sign-in. */
  currentPassword: string;
  /** 8 to 1024 characters of any kind, none of the common passwords. */
  newPassword: string;
};

/** The new address, and the password. */
export type RequestEmailChangeInput = {
  /** The address to sign in with from now on, once it is confirmed. */
  newEmail: string;
  /** The password of the account. Empty is enough within 10 minutes (REAUTHENTICATION_MAX_AGE) after a sign-in. */
  password: string;
};

/** The token of a link, and the new password. */
export type ResetPasswordInput = {
  /** 8 to 1024 characters of any kind, none of the common passwords. */
  newPassword: string;
  /** What follows `#token=` in the link of the mail. */
  token: string;
};

/** What to change. What is left out stays; null clears it. */
export type UpdateProfileInput = {
  /** The language of mails, as a BCP 47 tag such as `de`. */
  locale?: string | null | undefined;
  /** What to call the user. At most 200 characters. */
  name?: string | null | undefined;
};

export type ServerInfoQueryVariables = Exact<{ [key: string]: never; }>;


export type ServerInfoQuery = { serverInfo: { signupEnabled: boolean, magicLinksEnabled: boolean, passwordPolicy: { minLength: number } } };

export type MySessionsQueryVariables = Exact<{ [key: string]: never; }>;


export type MySessionsQuery = { mySessions: Array<{ id: string, device: string | null, ipAddress: string | null, createdAt: string, lastActiveAt: string, current: boolean, impersonated: boolean }> };

export type RevokeSessionMutationVariables = Exact<{
  id: string | number;
}>;


export type RevokeSessionMutation = { revokeSession: boolean };

export type RevokeOtherSessionsMutationVariables = Exact<{ [key: string]: never; }>;


export type RevokeOtherSessionsMutation = { revokeOtherSessions: number };

export type UpdateProfileMutationVariables = Exact<{
  input: UpdateProfileInput;
}>;


export type UpdateProfileMutation = { updateProfile: { id: string, name: string | null } };

export type ChangePasswordMutationVariables = Exact<{
  input: ChangePasswordInput;
}>;


export type ChangePasswordMutation = { changePassword: boolean };

export type RequestEmailChangeMutationVariables = Exact<{
  input: RequestEmailChangeInput;
}>;


export type RequestEmailChangeMutation = { requestEmailChange: boolean };

export type DeleteAccountMutationVariables = Exact<{
  password: string;
}>;


export type DeleteAccountMutation = { deleteAccount: boolean };

export type RequestEmailVerificationMutationVariables = Exact<{
  email: string;
}>;


export type RequestEmailVerificationMutation = { requestEmailVerification: boolean };

export type RequestPasswordResetMutationVariables = Exact<{
  email: string;
}>;


export type RequestPasswordResetMutation = { requestPasswordReset: boolean };

export type RequestMagicLinkMutationVariables = Exact<{
  email: string;
}>;


export type RequestMagicLinkMutation = { requestMagicLink: boolean };

export type VerifyEmailMutationVariables = Exact<{
  token: string;
  password?: string | null | undefined;
}>;


export type VerifyEmailMutation = { verifyEmail: { id: string, email: string, emailVerified: boolean } };

export type ResetPasswordMutationVariables = Exact<{
  input: ResetPasswordInput;
}>;


export type ResetPasswordMutation = { resetPassword: boolean };

export type ConfirmEmailChangeMutationVariables = Exact<{
  token: string;
  password?: string | null | undefined;
}>;


export type ConfirmEmailChangeMutation = { confirmEmailChange: { id: string, email: string, emailVerified: boolean } };

export type RevertEmailChangeMutationVariables = Exact<{
  token: string;
}>;


export type RevertEmailChangeMutation = { revertEmailChange: boolean };

export type UsersQueryVariables = Exact<{
  first: number;
  after?: string | null | undefined;
  search?: string | null | undefined;
}>;


export type UsersQuery = { users: { totalCount: number, nodes: Array<{ id: string, email: string, name: string | null, roles: Array<string>, emailVerified: boolean, lastLoginAt: string | null, disabledAt: string | null }>, pageInfo: { hasNextPage: boolean, endCursor: string | null } } };

export type UserRowFragment = { id: string, email: string, name: string | null, roles: Array<string>, emailVerified: boolean, lastLoginAt: string | null, disabledAt: string | null };

export type DisableUserMutationVariables = Exact<{
  id: string | number;
}>;


export type DisableUserMutation = { disableUser: { id: string, disabledAt: string | null } };

export type EnableUserMutationVariables = Exact<{
  id: string | number;
}>;


export type EnableUserMutation = { enableUser: { id: string, disabledAt: string | null } };

export const UserRowFragmentDoc = gql`
    fragment UserRow on User {
  id
  email
  name
  roles
  emailVerified
  lastLoginAt
  disabledAt
}
    ` as unknown as DocumentNode<UserRowFragment, unknown>;
export const ServerInfoDocument = gql`
    query ServerInfo {
  serverInfo {
    signupEnabled
    magicLinksEnabled
    passwordPolicy {
      minLength
    }
  }
}
    ` as unknown as DocumentNode<ServerInfoQuery, ServerInfoQueryVariables>;
export const MySessionsDocument = gql`
    query MySessions {
  mySessions {
    id
    device
    ipAddress
    createdAt
    lastActiveAt
    current
    impersonated
  }
}
    ` as unknown as DocumentNode<MySessionsQuery, MySessionsQueryVariables>;
export const RevokeSessionDocument = gql`
    mutation RevokeSession($id: ID!) {
  revokeSession(id: $id)
}
    ` as unknown as DocumentNode<RevokeSessionMutation, RevokeSessionMutationVariables>;
export const RevokeOtherSessionsDocument = gql`
    mutation RevokeOtherSessions {
  revokeOtherSessions
}
    ` as unknown as DocumentNode<RevokeOtherSessionsMutation, RevokeOtherSessionsMutationVariables>;
export const UpdateProfileDocument = gql`
    mutation UpdateProfile($input: UpdateProfileInput!) {
  updateProfile(input: $input) {
    id
    name
  }
}
    ` as unknown as DocumentNode<UpdateProfileMutation, UpdateProfileMutationVariables>;
export const ChangePasswordDocument = gql`
    mutation ChangePassword($input: ChangePasswordInput!) {
  changePassword(input: $input)
}
    ` as unknown as DocumentNode<ChangePasswordMutation, ChangePasswordMutationVariables>;
export const RequestEmailChangeDocument = gql`
    mutation RequestEmailChange($input: RequestEmailChangeInput!) {
  requestEmailChange(input: $input)
}
    ` as unknown as DocumentNode<RequestEmailChangeMutation, RequestEmailChangeMutationVariables>;
export const DeleteAccountDocument = gql`
    mutation DeleteAccount($password: String!) {
  deleteAccount(password: $password)
}
    ` as unknown as DocumentNode<DeleteAccountMutation, DeleteAccountMutationVariables>;
export const RequestEmailVerificationDocument = gql`
    mutation RequestEmailVerification($email: String!) {
  requestEmailVerification(email: $email)
}
    ` as unknown as DocumentNode<RequestEmailVerificationMutation, RequestEmailVerificationMutationVariables>;
export const RequestPasswordResetDocument = gql`
    mutation RequestPasswordReset($email: String!) {
  requestPasswordReset(email: $email)
}
    ` as unknown as DocumentNode<RequestPasswordResetMutation, RequestPasswordResetMutationVariables>;
export const RequestMagicLinkDocument = gql`
    mutation RequestMagicLink($email: String!) {
  requestMagicLink(email: $email)
}
    ` as unknown as DocumentNode<RequestMagicLinkMutation, RequestMagicLinkMutationVariables>;
export const VerifyEmailDocument = gql`
    mutation VerifyEmail($token: String!, $password: String) {
  verifyEmail(token: $token, password: $password) {
    id
    email
    emailVerified
  }
}
    ` as unknown as DocumentNode<VerifyEmailMutation, VerifyEmailMutationVariables>;
export const ResetPasswordDocument = gql`
    mutation ResetPassword($input: ResetPasswordInput!) {
  resetPassword(input: $input)
}
    ` as unknown as DocumentNode<ResetPasswordMutation, ResetPasswordMutationVariables>;
export const ConfirmEmailChangeDocument = gql`
    mutation ConfirmEmailChange($token: String!, $password: String) {
  confirmEmailChange(token: $token, password: $password) {
    id
    email
    emailVerified
  }
}
    ` as unknown as DocumentNode<ConfirmEmailChangeMutation, ConfirmEmailChangeMutationVariables>;
export const RevertEmailChangeDocument = gql`
    mutation RevertEmailChange($token: String!) {
  revertEmailChange(token: $token)
}
    ` as unknown as DocumentNode<RevertEmailChangeMutation, RevertEmailChangeMutationVariables>;
export const UsersDocument = gql`
    query Users($first: Int!, $after: String, $search: String) {
  users(first: $first, after: $after, filter: {search: $search}) {
    nodes {
      ...UserRow
    }
    pageInfo {
      hasNextPage
      endCursor
    }
    totalCount
  }
}
    ${UserRowFragmentDoc}` as unknown as DocumentNode<UsersQuery, UsersQueryVariables>;
export const DisableUserDocument = gql`
    mutation DisableUser($id: ID!) {
  disableUser(id: $id) {
    id
    disabledAt
  }
}
    ` as unknown as DocumentNode<DisableUserMutation, DisableUserMutationVariables>;
export const EnableUserDocument = gql`
    mutation EnableUser($id: ID!) {
  enableUser(id: $id) {
    id
    disabledAt
  }
}
    ` as unknown as DocumentNode<EnableUserMutation, EnableUserMutationVariables>;