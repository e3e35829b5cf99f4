import { ApolloClient, HttpLink, InMemoryCache } from '@apollo/client';
import { Latchkey } from '@latchkey/apollo-client';

const { VITE_LATCHKEY_URL, VITE_LATCHKEY_TRANSPORT } = import.meta.env;
const uri = VITE_LATCHKEY_URL ?? 'http://localhost:4000/graphql';

/**
 * Who is signed in. With `COOKIE`, the better way for a page in a browser, no script ever sees a token. With `BODY` they are
 * kept in this browser, where every script of this page could read them.
 */
export const latchkey = new Latchkey(
  VITE_LATCHKEY_TRANSPORT === 'BODY' ? { uri, storage: localStorage } : { uri, transport: 'COOKIE' },
);

export const client = new ApolloClient({
  link: latchkey.link.concat(new HttpLink({ uri })),
  cache: new InMemoryCache(),
});
