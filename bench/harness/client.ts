import { type Agent, request } from 'undici';
import { emailOf, PASSWORD } from './data.ts';
import type { Server } from './server.ts';

interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

const LOGIN = `mutation Login($input: LoginInput!) {
  login(input: $input) { ... on AuthPayload { accessToken refreshToken expiresIn } }
}`;
const REFRESH = `mutation Refresh($input: RefreshInput) { refresh(input: $input) { accessToken refreshToken expiresIn } }`;

const REQUESTS_OF_ADDRESS = 100;

/** An answer that is not what was asked for. */
export class Refusal extends Error {
  /** True when the server asks to come back later. */
  readonly isTemporary: boolean;

  constructor(server: string, codes: readonly string[]) {
    super(`${server} refused: ${codes.join()}`);
    this.isTemporary = codes.every((code) => code.startsWith('SERVICE_UNAVAILABLE'));
  }
}

/** One person at a frontend: with an address of their own, and the tokens that they were given last. */
export class Visitor {
  readonly email: string;
  accessToken: string | undefined;
  #refreshToken: string | undefined;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #index: number;
  #asked = 0;

  /** @param index which of the seeded users */
  constructor(server: Server, agent: Agent, index: number) {
    this.#server = server;
    this.#agent = agent;
    this.#index = index;
    this.email = emailOf(index);
  }

  /** @throws Refusal for anything but an answer without errors */
  async ask<T = unknown>(query: string, variables?: Record<string, unknown>): Promise<T> {
    const { statusCode, body } = await request(this.#server.url, {
      dispatcher: this.#agent,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-for': this.#address(),
        ...(this.accessToken !== undefined && { authorization: `Bearer ${this.accessToken}` }),
      },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = (await body.json()) as Answer<T>;
    if (errors || !data) throw new Refusal(this.#server.name, errors?.map(codeOf) ?? [String(statusCode)]);
    return data;
  }

  async login(): Promise<void> {
    const { login } = await this.ask<{ login: Tokens }>(LOGIN, { input: { email: this.email, password: PASSWORD } });
    this.#keep(login);
  }

  async refresh(): Promise<void> {
    const { refresh } = await this.ask<{ refresh: Tokens }>(REFRESH, { input: { refreshToken: this.#refreshToken } });
    this.#keep(refresh);
  }

  /** Limits count each apart, and nobody in production asks as often from one. */
  #address(): string {
    const moves = Math.floor(this.#asked++ / REQUESTS_OF_ADDRESS);
    return `10.${moves & 255}.${(this.#index >> 8) & 255}.${this.#index & 255}`;
  }

  #keep({ accessToken, refreshToken }: Tokens): void {
    this.accessToken = accessToken;
    this.#refreshToken = refreshToken;
  }
}

interface Answer<T> {
  readonly data?: T | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

const codeOf: (error: NonNullable<Answer<unknown>['errors']>[number]) => string = ({ message, extensions }) =>
  `${extensions?.code ?? 'no code'} (${message})`;
