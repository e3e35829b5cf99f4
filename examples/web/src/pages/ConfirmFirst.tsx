import { client } from '../latchkey';
import { RequestEmailVerificationDocument } from '../operations.generated';
import { ActionButton } from '../ui/ActionButton';
import { Page } from '../ui/Page';

/** Where an address has to be confirmed before anybody can sign in with it. */
export function ConfirmFirst({ email }: { readonly email: string }) {
  async function sendAgain(): Promise<string> {
    await client.mutate({ mutation: RequestEmailVerificationDocument, variables: { email } });
    return 'Another mail is on its way.';
  }

  return (
    <Page title="Look into your mail">
      <p>
        We have sent a link to <strong>{email}</strong>. Open it to confirm that the address is yours, then sign in.
      </p>
      <ActionButton onAct={sendAgain}>Send it again</ActionButton>
    </Page>
  );
}
