import { ApolloClient, gql, HttpLink, InMemoryCache, type TypedDocumentNode } from '@apollo/client';
import { ApolloProvider, useQuery } from '@apollo/client/react';
import { failureOf, Latchkey } from '@latchkey/apollo-client';
import { useSession } from '@latchkey/apollo-client/react';
import { type SubmitEvent, useState } from 'react';

const uri = 'http://localhost:4000/graphql';
const latchkey = new Latchkey({ uri, transport: 'COOKIE' });
const client = new ApolloClient({
  link: latchkey.link.concat(new HttpLink({ uri })),
  cache: new InMemoryCache(),
});

const SESSIONS: TypedDocumentNode<{ mySessions: { id: string; device: string | null }[] }> = gql`
  query Sessions {
    mySessions {
      id
      device
    }
  }
`;

export function App() {
  const session = useSession(latchkey);
  switch (session.status) {
    case 'loading':
      return <p>One moment …</p>;
    case 'unreachable':
      return <button onClick={session.retry}>No connection. Try again</button>;
    case 'signed-out':
      return <Login />;
    case 'signed-in':
      return (
        <ApolloProvider client={client}>
          <h1>Hello, {session.user.email}</h1>
          <Sessions />
          <button onClick={() => void latchkey.logout()}>Log out</button>
        </ApolloProvider>
      );
  }
}

function Sessions() {
  const { data } = useQuery(SESSIONS);
  return (
    <ul>
      {data?.mySessions.map(({ id, device }) => (
        <li key={id}>{device}</li>
      ))}
    </ul>
  );
}

function Login() {
  const [message, setMessage] = useState('');

  async function login(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const credentials = { email: data.get('email') as string, password: data.get('password') as string };
    try {
      const result = await latchkey.login(credentials);
      if (result.__typename === 'EmailVerificationRequired') setMessage('Open the link in your mail first.');
    } catch (error) {
      const { code, retryAfter } = failureOf(error);
      if (code === 'INVALID_CREDENTIALS') setMessage('E-mail or password is wrong.');
      else setMessage(`That did not work. Try again in ${retryAfter ?? 1} s.`);
    }
  }

  return (
    <form onSubmit={(event) => void login(event)}>
      <input name="email" type="email" aria-label="E-mail" autoComplete="username" />
      <input name="password" type="password" aria-label="Password" autoComplete="current-password" />
      <button>Sign in</button>
      <p role="alert">{message}</p>
    </form>
  );
}
