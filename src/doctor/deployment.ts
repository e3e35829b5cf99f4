import * as z from 'zod';
import { badInput } from '../common/bad-input.js';

/** Longer than any answer of a server that is well. */
const TIMEOUT_MS = 15_000;

/** No honest answer is as long. What comes after so many bytes is not read. */
const MOST_BYTES = 1_000_000;

const graphqlBody = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z
    .array(z.object({ message: z.string(), extensions: z.looseObject({ code: z.string().optional() }).optional() }))
    .optional(),
});

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The body as it came, as far as it is read. */
  readonly text: string;
  /** Of a GraphQL answer. Null where it holds none. */
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly { message: string; extensions?: { code?: string | undefined } | undefined }[];
}

export interface GraphQLOptions {
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A server somewhere, seen as anybody sees it: nothing but its URL is known. */
export class Deployment {
  /** Without a slash at its end. */
  readonly url: string;

  /**
   * @param url with or without `/graphql`
   * @param metricsPort METRICS_PORT, as it is by default
   */
  constructor(
    url: string,
    private readonly metricsPort = 9464,
  ) {
    this.url = url.replace(/\/+$/, '').replace(/\/graphql$/, '');
  }

  /** @throws AppError `BAD_USER_INPUT` where there is no such server: nothing would be found at it */
  async assertAnswers(): Promise<void> {
    const answer = await this.graphql('{ serverInfo { version } }').catch(() => undefined);
    if (!answer?.data) throw badInput('url', 'must be where a Latchkey server answers');
  }

  graphql(query: string, { variables, token, headers }: GraphQLOptions = {}): Promise<Answer> {
    return this.post(JSON.stringify({ query, variables }), {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...headers,
    });
  }

  /** To `/graphql`, whatever it is. */
  post(body: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
    return this.request('/graphql', { method: 'POST', body, headers });
  }

  /** What Prometheus would scrape. @throws TypeError where nobody answers */
  metrics(): Promise<Answer> {
    return answerTo(`http://${new URL(this.url).hostname}:${this.metricsPort}/metrics`, {});
  }

  /** @throws TypeError where nobody answers any more */
  request(path: string, init: RequestInit = {}): Promise<Answer> {
    return answerTo(`${this.url}${path}`, init);
  }
}

async function answerTo(url: string, init: RequestInit): Promise<Answer> {
  const options = { ...init, redirect: 'manual' as const, signal: AbortSignal.timeout(TIMEOUT_MS) };
  const response = await fetch(url, options);
  const text = await textOf(response);
  const { data } = graphqlBody.safeParse(parsed(text));
  const { status, headers } = response;
  return { status, headers, text, data: data?.data ?? null, errors: data?.errors ?? [] };
}

async function textOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_BYTES) break;
  }
  return Buffer.concat(chunks).toString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
