import type { TypedDocumentNode } from '@apollo/client';
import { Link } from 'react-router';
import { client } from '../latchkey';
import { RequestMagicLinkDocument, RequestPasswordResetDocument } from '../operations.generated';
import { Field, Form } from '../ui/Form';
import { Page } from '../ui/Page';

interface RequestProps {
  readonly title: string;
  readonly mutation: TypedDocumentNode<unknown, { email: string }>;
}

/** Asks for a link. The answer is the same whether there is an account or not, so the page says neither. */
function RequestLink({ title, mutation }: RequestProps) {
  async function request(value: (name: string) => string): Promise<string> {
    await client.mutate({ mutation, variables: { email: value('email') } });
    return 'If there is an account with this address, a mail with a link is on its way.';
  }

  return (
    <Page title={title}>
      <Form submit="Send me a link" onSubmit={request}>
        <Field name="email" type="email" label="E-mail" autoComplete="username" required />
      </Form>
      <ul className="links">
        <li>
          <Link to="/login">Sign in</Link>
        </li>
      </ul>
    </Page>
  );
}

export const ForgotPassword = () => (
  <RequestLink title="Choose a new password" mutation={RequestPasswordResetDocument} />
);

export const SignInLink = () => <RequestLink title="Sign in by a link" mutation={RequestMagicLinkDocument} />;
