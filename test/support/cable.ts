import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A cable between the server and something that it depends on: a test may pull it or freeze it. */
export class Cable {
  readonly #sockets = new Set<Socket>();
  readonly #proxy: Server;
  #isFrozen = false;

  /** @param onSent hears what the server sends */
  private constructor(target: URL, onSent: (text: string) => void) {
    this.#proxy = createServer((near) => {
      const far = connect(Number(target.port), target.hostname);
      near.on('data', (chunk) => onSent(chunk.toString('latin1')));
      this.#carry(near, far);
      this.#carry(far, near);
    });
  }

  /** Leads to the host and port of the URL. */
  static async to(url: string, onSent: (text: string) => void = () => undefined): Promise<Cable> {
    const cable = new Cable(new URL(url), onSent);
    await once(cable.#proxy.listen(0, '127.0.0.1'), 'listening');
    return cable;
  }

  /** The same URL by way of this cable. */
  through(url: string): string {
    const { port } = this.#proxy.address() as AddressInfo;
    const target = new URL(url);
    target.hostname = '127.0.0.1';
    target.port = String(port);
    return target.href;
  }

  /** Ends every connection as a restart of the other side would. New ones are let in. */
  pull(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  /** Connections stay open, and nothing passes any more. */
  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  close(): void {
    this.pull();
    this.#proxy.close();
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    if (this.#isFrozen) from.pause();
    from.on('data', (chunk) => to.write(chunk));
    from.on('error', () => from.destroy());
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
