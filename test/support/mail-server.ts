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
 * How the server behaves: takes mails; refuses recipients with this reply; takes a mail and loses the connection before it
 * says so; is silent when it is greeted.
 */
export type MailServerMood = 'accepts' | { readonly refuses: number } | 'drops' | 'is silent';

/** A real SMTP server on a free port, which a test may make fail. */
export class MailServer {
  readonly received: ReceivedMail[] = [];
  mood: MailServerMood = 'accepts';
  private readonly sockets = new Set<Socket>();
  private readonly server: SMTPServer;
  private port = 0;

  private constructor() {
    this.server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      closeTimeout: 100,
      onConnect: (_session, callback) => {
        if (this.mood !== 'is silent') callback();
      },
      onRcptTo: (_address, _session, callback) => {
        const { mood } = this;
        if (typeof mood === 'object') callback(Object.assign(new Error('not today'), { responseCode: mood.refuses }));
        else callback();
      },
      onData: (stream, session, callback) => void this.take(stream, session, callback),
    });
    this.server.server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    this.server.on('error', () => undefined);
  }

  static async start(): Promise<MailServer> {
    const mails = new MailServer();
    await mails.listen();
    return mails;
  }

  get url(): string {
    return `smtp://127.0.0.1:${String(this.port)}`;
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
    const listening = once(this.server.server, 'listening');
    this.server.listen(this.port, '127.0.0.1');
    await listening;
    this.port = (this.server.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise<void>((resolve) => this.server.close(resolve));
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
    if (this.mood === 'drops') for (const socket of this.sockets) socket.destroy();
    else callback();
  }
}
