import type { Application, Request } from 'express';

/** True when `TRUST_PROXY` trusts the machine that sent the request: what it says of the request counts. */
export const cameThroughProxy = ({ app, socket }: Request): boolean => isProxy(app, socket.remoteAddress ?? '');

/** True when `TRUST_PROXY` trusts the machine that connects. */
export function isProxy(app: Application, address: string): boolean {
  const trusts = app.get('trust proxy fn') as (address: string, hop: number) => boolean;
  return trusts(address, 0);
}
