import PostalMime, { type Email } from 'postal-mime';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A mail as it arrived. */
export interface ReceivedMail {
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly messageId: string;
  readonly headers: Email['headers'];
  /** The one link in it, and what follows `#token=`. */
  readonly link: string | undefined;
  readonly token: string | undefined;
}

/**
 * How the server behaves: takes mails; refuses recipients with this reply; takes a mail, and then loses the connection or
 * says nothing any more; is silent from the beginning.
 */
export type MailServerMood = 'accepts' | { readonly refuses: number } | 'drops' | 'keeps waiting' | 'is silent';

/** A real SMTP server on a free port, which a test may make fail. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  mood: MailServerMood = 'accepts';
  private readonly sockets = new Set<Socket>();
  private server: SMTPServer | undefined;
  private port = 0;

  private constructor(private readonly host: string) {}

  /** @param host 0.0.0.0 leads to this machine too, and is not called so */
  static async start(host = '127.0.0.1'): Promise<MailServer> {
    const mails = new MailServer(host);
    await mails.listen();
    return mails;
  }

  get url(): string {
    return `smtp://${this.host}:${String(this.port)}`;
  }

  /** How many are connected. */
  get connections(): number {
    return this.sockets.size;
  }

  /** What arrived for an address, the oldest first. */
  to(address: string): ReceivedMail[] {
    return this.received.filter(({ to }) => to === address);
  }

  /** The newest mail for an address. Fails the test when there is none. */
  last(address: string): ReceivedMail {
    const mail = this.to(address).at(-1);
    if (!mail) throw new Error(`No mail has come for ${address}`);
    return mail;
  }

  /** On the port that it had. */
  async listen(): Promise<void> {
    const server = this.create();
    this.server = server;
    const listening = once(server.server, 'listening');
    server.listen(this.port, this.host);
    await listening;
    this.port = (server.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.hangUp();
    await new Promise<void>((resolve) => this.server?.close(resolve));
  }

  /** Ends every connection in the middle of whatever is said, or so many of them, the oldest first. */
  hangUp(most = Infinity): void {
    for (const socket of [...this.sockets].slice(0, most)) socket.destroy();
  }

  /** One that was closed does not listen again. */
  private create(): SMTPServer {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      closeTimeout: 100,
      onConnect: (_session, callback) => {
        if (this.mood !== 'is silent') callback();
      },
      onRcptTo: ({ address }, _session, callback) => {
        const { mood } = this;
        if (typeof mood === 'object')
          callback(Object.assign(new Error(`not today, <${address}>`), { responseCode: mood.refuses }));
        else callback();
      },
      onData: (stream, session, callback) => void this.take(stream, session, callback),
    });
    server.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    server.on('error', () => undefined);
    return server;
  }

  private async take(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    callback: (error?: Error | null) => void,
  ): Promise<void> {
    const mail = await PostalMime.parse(await buffer(stream));
    const links = /^https?:\S+$/gm.exec(mail.text ?? '');
    this.received.push({
      to: session.envelope.rcptTo.map(({ address }) => address).join(),
      from: mail.from?.address ?? '',
      subject: mail.subject ?? '',
      text: mail.text ?? '',
      html: mail.html ?? '',
      messageId: mail.messageId ?? '',
      headers: mail.headers,
      link: links?.[0],
      token: links?.[0].split('#token=')[1],
    });
    if (this.mood === 'drops') this.hangUp();
    else if (this.mood !== 'keeps waiting') callback();
  }
}
