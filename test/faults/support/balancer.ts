import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

const PROBE_MS = 50;

/**
 * What stands in front of a deployment: it keeps connections, probes `/health/ready`, sends requests to instances that are
 * ready in turn, and tries another one only when no connection could be made: a request that was sent is not repeated.
 */
export class Balancer {
  readonly #agent = new Agent({ keepAlive: true });
  readonly #targets: readonly URL[];
  readonly #ready = new Set<URL>();
  readonly #proxy: Server;
  readonly #probing: NodeJS.Timeout;
  #turn = 0;

  private constructor(urls: readonly string[]) {
    this.#targets = urls.map((url) => new URL(url));
    this.#proxy = createServer((incoming, outgoing) => void this.#forward(incoming, outgoing));
    this.#probing = setInterval(() => void this.#probe(), PROBE_MS);
  }

  static async before(urls: readonly string[]): Promise<Balancer> {
    const balancer = new Balancer(urls);
    await balancer.#probe();
    await once(balancer.#proxy.listen(0, '127.0.0.1'), 'listening');
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#proxy.address() as AddressInfo).port}`;
  }

  /** How many instances get requests. */
  get size(): number {
    return this.#ready.size;
  }

  close(): void {
    clearInterval(this.#probing);
    this.#proxy.closeAllConnections();
    this.#proxy.close();
    this.#agent.destroy();
  }

  async #probe(): Promise<void> {
    await Promise.all(
      this.#targets.map(async (target) => {
        const answer = await fetch(new URL('/health/ready', target)).catch(() => undefined);
        if (answer?.ok) this.#ready.add(target);
        else this.#ready.delete(target);
      }),
    );
  }

  async #forward(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    for (let attempt = 0; attempt < this.#targets.length; attempt++) {
      const ready = [...this.#ready];
      const target = ready[this.#turn++ % ready.length];
      if (!target) break;
      try {
        const answer = await this.#send(target, incoming, body);
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED')) break;
        this.#ready.delete(target);
      }
    }
    outgoing.writeHead(502).end('no instance answered');
  }

  async #send(target: URL, { method, url, headers }: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
    const options = { agent: this.#agent, host: target.hostname, port: target.port, method, path: url, headers };
    const sent = request(options).end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    return answer;
  }
}
