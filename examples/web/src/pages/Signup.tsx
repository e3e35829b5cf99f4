import { useQuery } from '@apollo/client/react';
import { useState } from 'react';
import { Link } from 'react-router';
import { latchkey } from '../latchkey';
import { ServerInfoDocument } from '../operations.generated';
import { Field, Form } from '../ui/Form';
import { Page } from '../ui/Page';
import { ConfirmFirst } from './ConfirmFirst';

export function Signup() {
  const { data } = useQuery(ServerInfoDocument);
  const [unconfirmed, setUnconfirmed] = useState<string>();
  if (unconfirmed) return <ConfirmFirst email={unconfirmed} />;
  const minLength = data?.serverInfo.passwordPolicy.minLength ?? 8;

  async function signup(value: (name: string) => string): Promise<void> {
    const name = value('name') || null;
    const result = await latchkey.signup({ email: value('email'), password: value('password'), name });
    if (result.__typename === 'EmailVerificationRequired') setUnconfirmed(result.email);
  }

  return (
    <Page title="Create an account">
      <Form submit="Create an account" onSubmit={signup}>
        <Field name="name" label="Name" hint="Leave it out if you like." autoComplete="name" />
        <Field name="email" type="email" label="E-mail" autoComplete="username" required />
        <Field
          name="password"
          type="password"
          label="Password"
          hint={`At least ${minLength} characters. A few words are better than a few signs.`}
          autoComplete="new-password"
          required
        />
      </Form>
      <ul className="links">
        <li>
          <Link to="/login">I have an account</Link>
        </li>
      </ul>
    </Page>
  );
}
