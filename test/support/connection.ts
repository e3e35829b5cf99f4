import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { TestServer } from './test-server.js';

/** A connection from both of its ends. */
export interface Connection {
  client: Socket;
  /** The same one, as the server has it. */
  accepted: Socket;
}

/** @param localAddress that the client connects from: any of 127.0.0.0/8 */
export async function open(server: TestServer, localAddress = '127.0.0.1'): Promise<Connection> {
  const accepting = once(server.app.getHttpServer(), 'connection') as Promise<[Socket]>;
  const client = connect({ port: Number(new URL(server.url).port), host: '127.0.0.1', localAddress });
  client.on('error', () => undefined);
  const [accepted] = await accepting;
  return { client, accepted };
}
