import { gql, type TypedDocumentNode } from '@apollo/client';

export const ME: TypedDocumentNode<{ me: { id: string; name: string | null; roles: string[] } }> = gql`
  query Me {
    me {
      id
      name
      roles
    }
  }
`;

export const RENAME: TypedDocumentNode<{ updateProfile: { id: string; name: string | null } }, { name: string }> = gql`
  mutation Rename($name: String!) {
    updateProfile(input: { name: $name }) {
      id
      name
    }
  }
`;

export const CHANGE_PASSWORD: TypedDocumentNode<
  { changePassword: boolean },
  { input: { currentPassword: string; newPassword: string } }
> = gql`
  mutation ChangePassword($input: ChangePasswordInput!) {
    changePassword(input: $input)
  }
`;

/** Its first field is for anybody, and does something. */
export const PARTLY_PUBLIC: TypedDocumentNode<Record<string, unknown>, { email: string }> = gql`
  mutation PartlyPublic($email: String!) {
    requestPasswordReset(email: $email)
    updateProfile(input: { name: "Ada" }) {
      id
    }
  }
`;

/** For anybody, and of nobody. */
export const REQUEST_RESET: TypedDocumentNode<{ requestPasswordReset: boolean }, { email: string }> = gql`
  mutation RequestReset($email: String!) {
    requestPasswordReset(email: $email)
  }
`;
