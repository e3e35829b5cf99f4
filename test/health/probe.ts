export interface Probe {
  status: number;
  body: unknown;
  connection: string | null;
}

/** What a load balancer is told. */
export async function probe(url: string, path: 'live' | 'ready'): Promise<Probe> {
  const response = await fetch(`${url}/health/${path}`);
  return { status: response.status, body: await response.json(), connection: response.headers.get('connection') };
}
