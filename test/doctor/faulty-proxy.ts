import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';

export interface PlantedRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
}

export interface PlantedAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  body: string;
}

/** A fault, put between a server that is well and whoever asks it. */
export interface Plant {
  /** Changes what is asked, or answers it without asking. */
  ask?: (request: PlantedRequest) => PlantedAnswer | undefined | Promise<PlantedAnswer | undefined>;
  /** Changes what is answered. */
  answer?: (answer: PlantedAnswer, request: PlantedRequest) => PlantedAnswer;
}

/** Headers of a connection, which are not handed on. */
const HOP_BY_HOP = ['connection', 'content-length', 'host', 'keep-alive', 'transfer-encoding', 'accept-encoding'];

export class FaultyProxy {
  plant: Plant = {};

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(upstream: string, { tls = false } = {}): Promise<FaultyProxy> {
    const server = tls ? createTlsServer(await certificate()) : createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const proxy = new FaultyProxy(server, `${tls ? 'https' : 'http'}://127.0.0.1:${String(port)}`);
    server.on('request', (incoming, outgoing) => {
      void (async () => {
        const { method = 'GET', url: path = '/' } = incoming;
        const request = { method, path, headers: handedOn(incoming.headers), body: await text(incoming) };
        const { status, headers, body } =
          (await proxy.plant.ask?.(request)) ?? (await asked(upstream, request, proxy.plant));
        outgoing.writeHead(status, headers).end(body);
      })();
    });
    return proxy;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

async function asked(upstream: string, request: PlantedRequest, { answer }: Plant): Promise<PlantedAnswer> {
  const { method, path, headers, body } = request;
  const init = { method, headers, redirect: 'manual' as const, ...(method === 'POST' && { body }) };
  const response = await fetch(`${upstream}${path}`, init);
  const honest = {
    status: response.status,
    headers: {
      ...withoutHopByHop(Object.fromEntries(response.headers)),
      'set-cookie': response.headers.getSetCookie(),
    },
    body: await response.text(),
  };
  return answer?.(honest, request) ?? honest;
}

const handedOn = (headers: IncomingHttpHeaders): Record<string, string> =>
  withoutHopByHop(Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])));

const withoutHopByHop = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.includes(name)));

async function certificate(): Promise<{ key: string; cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: '127.0.0.1' }]);
  return { key, cert };
}
