import { failureOf } from '@latchkey/apollo-client';
import { type ReactNode, useState } from 'react';
import { Link, Navigate } from 'react-router';
import { client, latchkey } from '../latchkey';
import { linkToken } from '../link-token';
import {
  ConfirmEmailChangeDocument,
  ResetPasswordDocument,
  RevertEmailChangeDocument,
  VerifyEmailDocument,
} from '../operations.generated';
import { Field, Form } from '../ui/Form';
import { Page } from '../ui/Page';
import { ConfirmFirst } from './ConfirmFirst';

interface MailedLinkProps {
  readonly title: string;
  readonly text: string;
  readonly submit: string;
  readonly done: string;
  readonly act: (token: string, value: (name: string) => string) => Promise<unknown>;
  readonly children?: ReactNode;
}

/** The page behind a link of a mail. It asks before it acts: whatever opens the link, it takes a person to use it. */
function MailedLink({ title, text, submit, done, act, children }: MailedLinkProps) {
  const [isDone, setDone] = useState(false);
  const token = linkToken;

  if (!token || isDone) {
    return (
      <Page title={title}>
        <p role="status" className={isDone ? 'notice good' : 'notice bad'}>
          {isDone ? done : 'This link is not complete. Open it from the mail again, or ask for a new one.'}
        </p>
        <ul className="links">
          <li>
            <Link to="/">Go on</Link>
          </li>
        </ul>
      </Page>
    );
  }

  return (
    <Page title={title}>
      <p>{text}</p>
      <Form
        submit={submit}
        onSubmit={async (value) => {
          await act(token, value);
          setDone(true);
        }}
      >
        {children}
      </Form>
    </Page>
  );
}

/** Whoever is signed in here may be the one whose address has changed. */
const lookAgain = () => latchkey.user && latchkey.currentUser({ fresh: true });

interface ConfirmingLinkProps extends Omit<MailedLinkProps, 'act'> {
  readonly confirm: (variables: { token: string; password: string | null }) => Promise<unknown>;
}

/** Asks for the password once the server has: not in a session of the account, nor where it was made. */
function ConfirmingLink({ confirm, ...page }: ConfirmingLinkProps) {
  const [isAsked, setAsked] = useState(false);

  async function act(token: string, value: (name: string) => string): Promise<void> {
    try {
      await confirm({ token, password: value('password') || null });
    } catch (error) {
      setAsked((before) => before || failureOf(error).action === 'REAUTHENTICATE');
      throw error;
    }
    await lookAgain();
  }

  return (
    <MailedLink {...page} act={act}>
      {isAsked && (
        <>
          <Field name="password" type="password" label="Your password" autoComplete="current-password" required />
          <p className="hint">
            Did you not choose one? <Link to="/forgot-password">Choose a password</Link>, which makes the account yours.
          </p>
        </>
      )}
    </MailedLink>
  );
}

export const VerifyEmail = () => (
  <ConfirmingLink
    title="Confirm your e-mail address"
    text="Confirm that you have asked for the mail that led you here."
    submit="Confirm"
    done="Your e-mail address is confirmed."
    confirm={(variables) => client.mutate({ mutation: VerifyEmailDocument, variables })}
  />
);

export const ConfirmEmailChange = () => (
  <ConfirmingLink
    title="Confirm your new e-mail address"
    text="From now on you sign in with the address that received this link."
    submit="Confirm"
    done="Your account has its new e-mail address."
    confirm={(variables) => client.mutate({ mutation: ConfirmEmailChangeDocument, variables })}
  />
);

export const RevertEmailChange = () => (
  <MailedLink
    title="Take your e-mail address back"
    text="Your account gets its former address back, and is signed out everywhere."
    submit="Take it back"
    done="Your account has its former address again. Choose a new password now."
    act={(token) => client.mutate({ mutation: RevertEmailChangeDocument, variables: { token } })}
  />
);

export const ResetPassword = () => (
  <MailedLink
    title="Choose a new password"
    text="You will be signed out everywhere, and sign in with the new password."
    submit="Set the password"
    done="Your new password is set. Sign in with it."
    act={(token, value) =>
      client.mutate({
        mutation: ResetPasswordDocument,
        variables: { input: { token, newPassword: value('newPassword') } },
      })
    }
  >
    <Field name="newPassword" type="password" label="New password" autoComplete="new-password" required />
  </MailedLink>
);

export function MagicLink() {
  const [outcome, setOutcome] = useState<Awaited<ReturnType<typeof latchkey.loginWithMagicLink>>>();
  if (outcome?.__typename === 'AuthPayload') return <Navigate to="/" replace />;
  if (outcome) return <ConfirmFirst email={outcome.email} />;
  return (
    <MailedLink
      title="Sign in"
      text="The link in your mail signs you in on this device."
      submit="Sign in"
      done="You are signed in."
      act={async (token) => setOutcome(await latchkey.loginWithMagicLink({ token }))}
    />
  );
}
