import type { CurrentUser } from '@latchkey/apollo-client';
import { client, latchkey } from '../latchkey';
import { ChangePasswordDocument, DeleteAccountDocument } from '../operations.generated';
import { Card } from '../ui/Card';
import { Field, Form, Username } from '../ui/Form';
import { Page } from '../ui/Page';

export function Security({ user }: { readonly user: CurrentUser }) {
  async function changePassword(value: (name: string) => string): Promise<string> {
    const input = { currentPassword: value('currentPassword'), newPassword: value('newPassword') };
    await client.mutate({ mutation: ChangePasswordDocument, variables: { input } });
    return 'Your password is changed. Everywhere else you are signed out.';
  }

  async function deleteAccount(value: (name: string) => string): Promise<void> {
    await client.mutate({ mutation: DeleteAccountDocument, variables: { password: value('password') } });
    await latchkey.logout();
  }

  return (
    <Page title="Security">
      <Card title="Password">
        <Form submit="Change the password" onSubmit={changePassword}>
          <Username email={user.email} />
          <Field
            name="currentPassword"
            type="password"
            label="Present password"
            autoComplete="current-password"
            required
          />
          <Field name="newPassword" type="password" label="New password" autoComplete="new-password" required />
        </Form>
      </Card>
      <Card title="Delete the account">
        <p>All that belongs to it is deleted at once, and can not be brought back.</p>
        <Form submit="Delete my account" onSubmit={deleteAccount} danger>
          <Username email={user.email} />
          <Field name="password" type="password" label="Your password" autoComplete="current-password" required />
        </Form>
      </Card>
    </Page>
  );
}
