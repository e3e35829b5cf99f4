/**
 * What the playground may do in a browser, in place of the server's own policy, which allows nothing.
 *
 * No script is ever evaluated from a string: there is no `unsafe-eval` and no frame (`ide-page.ts` says why). Without a
 * nonce no inline script or style runs; that is the policy of everything but the page.
 */
export function ideContentSecurityPolicy(nonce?: string): string {
  const ownAndNonce = nonce ? `'self' 'nonce-${nonce}'` : "'self'";
  return [
    "default-src 'none'",
    `script-src ${ownAndNonce}`,
    `style-src ${ownAndNonce}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "base-uri 'self'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
