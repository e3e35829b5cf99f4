import type { CallOptions, GraphQLAnswer } from './graphql-client.js';
import type { TestServer } from './test-server.js';

/** The first refusal as `UNAUTHENTICATED/TOKEN_EXPIRED` (or the code alone), undefined when nothing was refused. */
export function refusalOf({ errors: [error] }: Pick<GraphQLAnswer, 'errors'>): string | undefined {
  if (!error) return undefined;
  const { code, reason } = error.extensions;
  return reason === undefined ? code : `${code}/${reason}`;
}

/** What the server makes of an access token: the id of its user, or the refusal. */
export async function whoAmI(
  server: Pick<TestServer, 'call'>,
  token?: string,
  options: CallOptions = {},
): Promise<string | undefined> {
  const answer = await server.call<{ me: { id: string } }>('{ me { id } }', {}, { token, ...options });
  return answer.data?.me.id ?? refusalOf(answer);
}
