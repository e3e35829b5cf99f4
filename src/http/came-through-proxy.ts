import type { Request } from 'express';

/** True when `TRUST_PROXY` trusts the machine that sent the request: what it says of the request counts. */
export function cameThroughProxy({ app, socket }: Request): boolean {
  const trusts = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  return trusts(socket.remoteAddress ?? '', 0);
}
