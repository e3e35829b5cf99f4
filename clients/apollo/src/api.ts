import { ApolloClient, ApolloLink } from '@apollo/client';
import { InMemoryCache } from '@apollo/client/cache';
import { BaseHttpLink } from '@apollo/client/link/http';
import { OperationTypeNode } from 'graphql';
import { tap } from 'rxjs';
import type { Attach } from './auth-link.js';
import { assertAnswer, isAnswer } from './failure.js';
import { LatchkeyRefreshDocument } from './operations.generated.js';
import { type SignedIn, signedInBy } from './session.js';
import type { Clock } from './sessions.js';

/** A refresh that takes longer has got lost. */
const REFRESH_TIMEOUT_MS = 10_000;

const SIGN_IN_RESULTS = ['AuthPayload', 'EmailVerificationRequired'];

interface OwnClientOptions {
  readonly uri: string;
  readonly fetch: typeof fetch | undefined;
  readonly auth: ApolloLink;
  readonly attach: Attach;
}

/** For the operations of Latchkey itself, whose answers belong into no cache. */
export function ownClient({ uri, fetch, auth, attach }: OwnClientOptions): ApolloClient {
  const http = new BaseHttpLink({ uri, ...(fetch && { fetch }) });
  const plain = new ApolloLink(
    (operation, forward) => (attach(operation, null), forward(operation).pipe(tap((result) => assertAnswer(result)))),
  );
  // The only query is `me`. The mutations are public, and must not wait for the session that they begin or end.
  const link = ApolloLink.split(({ operationType }) => operationType === OperationTypeNode.QUERY, auth, plain);
  return new ApolloClient({
    link: link.concat(http),
    cache: new InMemoryCache({ possibleTypes: { SignupResult: SIGN_IN_RESULTS, LoginResult: SIGN_IN_RESULTS } }),
    devtools: { enabled: false },
    defaultOptions: { query: { fetchPolicy: 'no-cache' }, mutate: { fetchPolicy: 'no-cache' } },
  });
}

/** Exchanges a refresh token, or the cookie. Sends it once more when no answer came: the server repeats the one that it gave. */
export async function exchange(client: ApolloClient, clock: Clock, refreshToken: string | null): Promise<SignedIn> {
  try {
    return await exchangeOnce(client, clock, refreshToken);
  } catch (error) {
    if (isAnswer(error)) throw error;
    return exchangeOnce(client, clock, refreshToken);
  }
}

async function exchangeOnce(client: ApolloClient, clock: Clock, refreshToken: string | null): Promise<SignedIn> {
  const sentAt = clock.now();
  const { data } = await client.mutate({
    mutation: LatchkeyRefreshDocument,
    variables: { input: { refreshToken } },
    context: { fetchOptions: { signal: AbortSignal.timeout(REFRESH_TIMEOUT_MS) } },
  });
  return signedInBy(data?.refresh, sentAt);
}
