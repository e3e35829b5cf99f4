import { latchkeyForRequest } from '@latchkey/apollo-client/server';

const uri = process.env['LATCHKEY_URL'] ?? 'http://localhost:4000/graphql';
const origin = process.env['APP_URL'] ?? 'http://localhost:5173';

/**
 * Who asks for a page, in a server component: `await currentUser((await headers()).get('cookie'))`. Null also when the
 * access token is over, because a server component can not hand on new cookies: the page in the browser refreshes then.
 */
export async function currentUser(cookies: string | null) {
  return latchkeyForRequest({ uri, cookies, origin })
    .currentUser()
    .catch(() => null);
}
