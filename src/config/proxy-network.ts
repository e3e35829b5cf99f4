import ipaddr from 'ipaddr.js';
import { isIP } from 'node:net';

/** A few networks that are greater than any that somebody has are everybody, which is what `true` is refused for. */
function prefixesOf(address: string): { least: number; most: number } {
  if (isIP(address) !== 6) return { least: 8, most: 32 };
  return { least: ipaddr.parse(address).range() === 'ipv4Mapped' ? 96 + 8 : 7, most: 128 };
}

/** True for an address, or a network in the form `10.0.0.0/8`. */
export function isNetwork(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/');
  const { least, most } = prefixesOf(address);
  const hasValidBits =
    bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) >= least && Number(bits) <= most);
  return isIP(address) !== 0 && rest.length === 0 && hasValidBits;
}
