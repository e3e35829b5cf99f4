interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; extensions: { code: string; reason?: string; action?: string } }[];
}

/**
 * Sends operations of somebody who has signed in with the transport COOKIE. The browser keeps the tokens; all that is left
 * to do is to refresh them when the server says so.
 */
export function createClient(uri: string) {
  let refreshing: Promise<Answer<unknown>> | undefined;
  let refreshes = 0;

  async function send<Data>(query: string, variables: object = {}): Promise<Answer<Data>> {
    const response = await fetch(uri, {
      method: 'POST',
      credentials: 'include',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as Answer<Data>;
  }

  return async function request<Data>(query: string, variables?: object): Promise<Answer<Data>> {
    const refreshesBefore = refreshes;
    const answer = await send<Data>(query, variables);
    if (answer.errors?.[0]?.extensions.action !== 'REFRESH') return answer;
    // One refresh for all requests that were sent before it. Other tabs may refresh at the same time: that is no harm.
    if (refreshesBefore === refreshes) refreshing ??= refresh();
    const { errors } = (await refreshing) ?? {};
    return errors ? { data: null, errors } : send<Data>(query, variables);
  };

  async function refresh(): Promise<Answer<unknown>> {
    try {
      return await send('mutation { refresh { expiresIn } }');
    } finally {
      refreshes += 1;
      refreshing = undefined;
    }
  }
}
