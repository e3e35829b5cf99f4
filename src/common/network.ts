import ipaddr from 'ipaddr.js';

/** One subscriber is given at least so much of IPv6 (RFC 6177), and can take a new address from it for each request. */
const IPV6_PREFIX_BYTES = 8;

/** What a caller can not change at will: the IPv4 address, or the /64 network of an IPv6 address. */
export function networkOf(address: string | null): string {
  if (address === null || !ipaddr.isValid(address)) return 'unknown';
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const prefix = parsed.toByteArray().slice(0, IPV6_PREFIX_BYTES);
  return `${ipaddr.fromByteArray([...prefix, ...new Array<number>(IPV6_PREFIX_BYTES).fill(0)]).toString()}/64`;
}
