interface GraphQLFailure {
  message: string;
  path?: (string | number)[];
  locations?: unknown;
  extensions: {
    code: string;
    reason?: string;
    action?: string;
    retryAfter?: number;
    fields?: { path: string; message: string }[];
    requestId?: string;
  };
}

export interface GraphQLAnswer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  data: T | null | undefined;
  errors: GraphQLFailure[];
  /** The body as it came, for tests that look for what must not be in it. */
  text: string;
}

export interface CallOptions {
  /** An access token for the Authorization header. */
  token?: string | undefined;
  headers?: Record<string, string>;
  operationName?: string;
}

/** Speaks GraphQL over HTTP like any client, and hides nothing. `T` is the shape of `data` that the test expects. */
export async function callGraphQL<T>(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  { token, headers, operationName }: CallOptions = {},
): Promise<GraphQLAnswer<T>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    },
    body: JSON.stringify({ query, variables, operationName }),
  });
  const text = await response.text();
  const body = JSON.parse(text) as { data?: T | null; errors?: GraphQLFailure[] };
  return { status: response.status, headers: response.headers, data: body.data, errors: body.errors ?? [], text };
}
