import { Agent } from 'undici';
import { Visitor } from './client.ts';
import { login, type Scenario } from './scenarios.ts';
import type { Server } from './server.ts';

/** Connections at a time. */
const PARALLEL = 16;

/** A server, and people who are signed in to it. Each of them asks one thing after the other. */
export class Audience {
  readonly server: Server;
  readonly visitors: readonly Visitor[];

  /** See `gather`. */
  readonly #cpuMs: () => Promise<number>;

  private constructor(server: Server, visitors: readonly Visitor[], cpuMs: () => Promise<number>) {
    this.server = server;
    this.visitors = visitors;
    this.#cpuMs = cpuMs;
  }

  /**
   * @param users which of the seeded users; the first one asks what an administrator asks
   * @param cpuMs what is counted as the CPU time of the server
   */
  static async gather(
    server: Server,
    users: readonly number[],
    cpuMs = (): Promise<number> => server.cpuMs(),
  ): Promise<Audience> {
    const agent = new Agent({ connections: PARALLEL });
    const visitors = users.map((user) => new Visitor(server, agent, user));
    const audience = new Audience(server, visitors, cpuMs);
    await audience.ask({ ...login, requests: users.length });
    return audience;
  }

  /** CPU milliseconds of the server for each request. */
  async cpuPerRequest(scenario: Scenario): Promise<number> {
    const before = await this.#cpuMs();
    await this.ask(scenario);
    return ((await this.#cpuMs()) - before) / scenario.requests;
  }

  /** Each asker has visitors of its own when there are enough, and asks for them in turn. */
  async ask({ ask, requests, visitors }: Scenario): Promise<void> {
    const taking = this.visitors.slice(0, visitors);
    const shares = Math.min(PARALLEL, taking.length);
    const work = async (asker: number) => {
      const own = taking.filter((_visitor, index) => index % shares === asker % shares);
      for (let request = asker, turn = 0; request < requests; request += PARALLEL, turn++) {
        const visitor = own[turn % own.length];
        if (visitor) await ask(visitor);
      }
    };
    await Promise.all(Array.from({ length: PARALLEL }, (_, asker) => work(asker)));
  }
}
