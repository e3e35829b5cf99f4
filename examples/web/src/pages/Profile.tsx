import type { CurrentUser } from '@latchkey/apollo-client';
import { client, latchkey } from '../latchkey';
import {
  RequestEmailChangeDocument,
  RequestEmailVerificationDocument,
  UpdateProfileDocument,
} from '../operations.generated';
import { ActionButton } from '../ui/ActionButton';
import { Card } from '../ui/Card';
import { Field, Form, Username } from '../ui/Form';
import { Page } from '../ui/Page';

export function Profile({ user }: { readonly user: CurrentUser }) {
  async function rename(value: (name: string) => string): Promise<string> {
    await client.mutate({ mutation: UpdateProfileDocument, variables: { input: { name: value('name') || null } } });
    await latchkey.currentUser({ fresh: true });
    return 'Your name is saved.';
  }

  async function changeEmail(value: (name: string) => string): Promise<string> {
    const input = { newEmail: value('newEmail'), password: value('password') };
    await client.mutate({ mutation: RequestEmailChangeDocument, variables: { input } });
    return `A mail is on its way to ${input.newEmail}. The change counts once you have opened its link.`;
  }

  async function confirmEmail(): Promise<string> {
    await client.mutate({ mutation: RequestEmailVerificationDocument, variables: { email: user.email } });
    return `A mail is on its way to ${user.email}.`;
  }

  return (
    <Page title={user.name ? `Hello, ${user.name}` : 'Your profile'}>
      <Card title="You">
        <dl>
          <dt>E-mail</dt>
          <dd>
            {user.email}{' '}
            <span className={user.emailVerified ? 'badge good' : 'badge'}>
              {user.emailVerified ? 'confirmed' : 'not confirmed'}
            </span>
          </dd>
          <dt>Roles</dt>
          <dd>{user.roles.join(', ')}</dd>
        </dl>
        {!user.emailVerified && <ActionButton onAct={confirmEmail}>Confirm the address</ActionButton>}
      </Card>
      <Card title="Name">
        <Form submit="Save" onSubmit={rename}>
          <Field
            name="name"
            label="What to call you"
            defaultValue={user.name ?? ''}
            key={user.name}
            autoComplete="name"
          />
        </Form>
      </Card>
      <Card title="E-mail address">
        <Form submit="Change the address" onSubmit={changeEmail}>
          <Username email={user.email} />
          <Field name="newEmail" type="email" label="New e-mail" autoComplete="email" required />
          <Field name="password" type="password" label="Your password" autoComplete="current-password" required />
        </Form>
      </Card>
    </Page>
  );
}
