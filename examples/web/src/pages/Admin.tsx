import { useQuery } from '@apollo/client/react';
import { type CurrentUser, failureOf } from '@latchkey/apollo-client';
import { type SubmitEvent, useState } from 'react';
import { client } from '../latchkey';
import { DisableUserDocument, EnableUserDocument, type UserRowFragment, UsersDocument } from '../operations.generated';
import { ActionButton } from '../ui/ActionButton';
import { Page } from '../ui/Page';
import { ago, wordsFor } from '../words';

const PAGE_SIZE = 20;

/** For whoever may read users. That it is not offered to others is for their comfort: the server decides. */
export function Admin({ user }: { readonly user: CurrentUser }) {
  const may = (permission: string) => user.permissions?.includes(permission) ?? false;
  if (may('users:read')) return <Users mayChange={may('users:write')} ownId={user.id} />;
  return (
    <Page title="Users">
      <p className="notice bad">This page is for administrators. Ask one of them if you need it.</p>
    </Page>
  );
}

function Users({ mayChange, ownId }: { readonly mayChange: boolean; readonly ownId: string }) {
  const [search, setSearch] = useState('');
  /** The cursors behind which the pages begin, up to the one that is shown. */
  const [cursors, setCursors] = useState<readonly (string | null)[]>([null]);
  const variables = { first: PAGE_SIZE, after: cursors.at(-1) ?? null, search: search || null };
  const { data, previousData, error } = useQuery(UsersDocument, { variables, fetchPolicy: 'cache-and-network' });
  const page = (data ?? previousData)?.users;
  const next = page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;

  function handleSearch(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    setCursors([null]);
    setSearch(new FormData(event.currentTarget).get('search') as string);
  }

  return (
    <Page title="Users">
      <form role="search" onSubmit={handleSearch} className="search">
        <label htmlFor="search">Name or e-mail</label>
        <input id="search" name="search" type="search" maxLength={100} />
        <button type="submit" className="plain">
          Search
        </button>
      </form>
      {error && (
        <p role="alert" className="notice bad">
          {wordsFor(failureOf(error))}
        </p>
      )}
      <p role="status" className="hint">
        {page && `${page.totalCount} ${page.totalCount === 1 ? 'user' : 'users'}`}
      </p>
      <ul className="rows" aria-busy={!data && !error}>
        {page?.nodes.map((row) => (
          <Row key={row.id} row={row} mayChange={mayChange && row.id !== ownId} />
        ))}
      </ul>
      <div className="pager">
        {cursors.length > 1 && (
          <button type="button" className="plain" onClick={() => setCursors(cursors.slice(0, -1))}>
            Previous
          </button>
        )}
        {next && (
          <button type="button" className="plain" onClick={() => setCursors([...cursors, next])}>
            Next
          </button>
        )}
      </div>
    </Page>
  );
}

function Row({ row, mayChange }: { readonly row: UserRowFragment; readonly mayChange: boolean }) {
  const { id, email, name, roles, emailVerified, lastLoginAt, disabledAt } = row;
  const mutation = disabledAt ? EnableUserDocument : DisableUserDocument;
  return (
    <li className="card">
      <div>
        <strong>{name ?? email}</strong>{' '}
        {roles.map((role) => (
          <span key={role} className="badge">
            {role}
          </span>
        ))}
        {disabledAt && <span className="badge bad">disabled</span>}
        <p className="hint">
          {email}
          {!emailVerified && ' (not confirmed)'}, {lastLoginAt ? `signed in ${ago(lastLoginAt)}` : 'never signed in'}
        </p>
      </div>
      {mayChange && (
        <ActionButton
          label={`${disabledAt ? 'Enable' : 'Disable'} ${email}`}
          onAct={() => client.mutate({ mutation, variables: { id } })}
        >
          {disabledAt ? 'Enable' : 'Disable'}
        </ActionButton>
      )}
    </li>
  );
}
