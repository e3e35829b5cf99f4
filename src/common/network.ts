import ipaddr from 'ipaddr.js';

/** One subscriber is given at least a /64 of IPv6 (RFC 6177), often a /56 or a /48, and can take a new address for each request. */
const IPV6_PREFIXES = [64, 56, 48] as const;

/** The zone of a link-local address (RFC 4007 section 11) is a name of any text and length, and means nothing elsewhere. */
const ZONE = /%.*$/;

/**
 * One spelling for each address (RFC 5952). IPv4 on a dual-stack socket arrives as an IPv4-mapped IPv6 address (RFC 4291 section
 * 2.5.5.2), which has several: it is the IPv4 address.
 */
export function canonicalAddress(address: string): string {
  const bare = address.replace(ZONE, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : bare;
}

/** The networks that an address is in, the narrowest first. There is always one. */
export type NetworkKeys = readonly [string, ...string[]];

/** The IPv4 address, also one that was translated (NAT64, RFC 6052), or the /64, /56 and /48 networks of an IPv6 address. */
export function networksOf(address: string | null): NetworkKeys {
  if (address === null || !ipaddr.isValid(address)) return ['unknown'];
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return [parsed.toString()];
  const bytes = parsed.toByteArray();
  if (parsed.range() === 'rfc6052') return [ipaddr.fromByteArray(bytes.slice(-4)).toString()];
  const network = (prefix: number): string =>
    `${ipaddr.fromByteArray(bytes.map((byte, index) => (index < prefix / 8 ? byte : 0))).toString()}/${String(prefix)}`;
  const [narrow, ...wider] = IPV6_PREFIXES;
  return [network(narrow), ...wider.map(network)];
}
