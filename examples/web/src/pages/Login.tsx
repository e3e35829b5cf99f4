import { useQuery } from '@apollo/client/react';
import type { SignedOutReason } from '@latchkey/apollo-client';
import { useState } from 'react';
import { Link } from 'react-router';
import { latchkey } from '../latchkey';
import { ServerInfoDocument } from '../operations.generated';
import { Field, Form } from '../ui/Form';
import { Page } from '../ui/Page';
import { wordsForEnd } from '../words';
import { ConfirmFirst } from './ConfirmFirst';

export function Login({ reason }: { readonly reason: SignedOutReason | undefined }) {
  const { data } = useQuery(ServerInfoDocument);
  const [unconfirmed, setUnconfirmed] = useState<string>();
  const notice = wordsForEnd(reason);
  if (unconfirmed) return <ConfirmFirst email={unconfirmed} />;

  async function login(value: (name: string) => string): Promise<void> {
    const result = await latchkey.login({ email: value('email'), password: value('password') });
    if (result.__typename === 'EmailVerificationRequired') setUnconfirmed(result.email);
  }

  return (
    <Page title="Sign in">
      {notice && (
        <p role="status" className="notice">
          {notice}
        </p>
      )}
      <Form submit="Sign in" onSubmit={login}>
        <Field name="email" type="email" label="E-mail" autoComplete="username" required />
        <Field name="password" type="password" label="Password" autoComplete="current-password" required />
      </Form>
      <ul className="links">
        <li>
          <Link to="/forgot-password">I forgot my password</Link>
        </li>
        {data?.serverInfo.magicLinksEnabled && (
          <li>
            <Link to="/sign-in-link">Sign in by a link</Link>
          </li>
        )}
        {data?.serverInfo.signupEnabled !== false && (
          <li>
            <Link to="/signup">Create an account</Link>
          </li>
        )}
      </ul>
    </Page>
  );
}
