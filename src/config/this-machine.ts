import ipaddr from 'ipaddr.js';

/** A name or address, as `URL.hostname` has it, of the machine itself and nobody else's (RFC 6761 section 6.3, RFC 5735). */
export const isLoopback = (hostname: string): boolean => isLocalName(hostname) || rangeOf(hostname) === 'loopback';

/** The same, and the address that stands for every one of the machine. */
export const leadsToVisitorsMachine = (hostname: string): boolean =>
  isLoopback(hostname) || rangeOf(hostname) === 'unspecified';

const isLocalName = (hostname: string): boolean => /(^|\.)localhost\.?$/i.test(hostname);

function rangeOf(hostname: string): string | undefined {
  const address = hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(address) ? ipaddr.process(address).range() : undefined;
}
