import { Client, type CombinedError, fetchExchange, gql } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
}

const REFRESH = gql<{ refresh: Tokens }, { input: { refreshToken: string } }>`
  mutation Refresh($input: RefreshInput) {
    refresh(input: $input) {
      accessToken
      refreshToken
    }
  }
`;

const actionIn = (error: CombinedError) => error.graphQLErrors[0]?.extensions['action'];

/** `tokens` are those of a login with the transport BODY. They are replaced when the server says so. */
export function createUrqlClient(url: string, tokens: Tokens, onSignedOut: () => void): Client {
  const auth = authExchange(async (utilities) => ({
    addAuthToOperation: (operation) =>
      utilities.appendHeaders(operation, { authorization: `Bearer ${tokens.accessToken}` }),
    // Not at every error: a wrong password is none of the session.
    didAuthError: (error) => actionIn(error) === 'REFRESH',
    // Called once for all operations that wait. Repeated within a minute it answers the same.
    refreshAuth: async () => {
      const { data, error } = await utilities.mutate(REFRESH, { input: { refreshToken: tokens.refreshToken } });
      if (data) tokens = data.refresh;
      // A server that is away is no reason to sign anybody out.
      else if (error && actionIn(error) === 'LOGIN') onSignedOut();
    },
  }));
  return new Client({ url, exchanges: [auth, fetchExchange], preferGetMethod: false });
}
