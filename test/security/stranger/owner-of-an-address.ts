import type { LifecycleServer } from '../../lifecycle/operations.js';
import { PASSWORD } from '../../support/accounts.js';
import { whoAmI } from '../../support/refusals.js';

let owners = 0;

/**
 * Whoever has the mailbox comes for the first time, from a network of their own: asks for a link, and where there is no
 * account signs up, then asks for a link. @returns `in`, or what came instead
 */
export async function ownerGetsIn(life: LifecycleServer, email: string): Promise<string> {
  const number = ++owners;
  const headers = { 'x-forwarded-for': `172.16.${String(number >> 8)}.${String(number & 255)}` };
  if (await byMagicLink(life, email, headers)) return 'in';
  const signup = 'mutation ($input: SignupInput!) { signup(input: $input) { __typename } }';
  const answer = await life.server.call(signup, { input: { email, password: PASSWORD } }, { headers });
  return (await byMagicLink(life, email, headers)) ? 'in' : answer.text;
}

async function byMagicLink(life: LifecycleServer, email: string, headers: Record<string, string>): Promise<boolean> {
  const { server, mails } = life;
  await server.call('mutation ($email: String!) { requestMagicLink(email: $email) }', { email }, { headers });
  await life.send();
  const link = mails.to(email).findLast((mail) => mail.link?.includes('/magic-link#'));
  const login =
    'mutation ($input: MagicLinkInput!) { loginWithMagicLink(input: $input) { ... on AuthPayload { accessToken user { id } } } }';
  const answer = await server.call<{ loginWithMagicLink: { accessToken: string; user: { id: string } } }>(
    login,
    { input: { token: link?.token ?? '' } },
    { headers },
  );
  const payload = answer.data?.loginWithMagicLink;
  return payload !== undefined && (await whoAmI(server, payload.accessToken)) === payload.user.id;
}
