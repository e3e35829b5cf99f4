import { useMutation, useQuery } from '@apollo/client/react';
import { failureOf } from '@latchkey/apollo-client';
import { MySessionsDocument, RevokeOtherSessionsDocument, RevokeSessionDocument } from '../operations.generated';
import { ActionButton } from '../ui/ActionButton';
import { Outcome } from '../ui/Outcome';
import { Page } from '../ui/Page';
import { useAction } from '../ui/useAction';
import { ago, wordsFor } from '../words';

const LOOK_AGAIN = { refetchQueries: [MySessionsDocument], awaitRefetchQueries: true };

export function Sessions() {
  const { data, error } = useQuery(MySessionsDocument, { fetchPolicy: 'cache-and-network' });
  const [endSession] = useMutation(RevokeSessionDocument, LOOK_AGAIN);
  const [endOthers] = useMutation(RevokeOtherSessionsDocument, LOOK_AGAIN);
  const [othersEnding, endAllOthers] = useAction(async () => {
    const { data: ended } = await endOthers();
    return `Sessions ended: ${ended?.revokeOtherSessions ?? 0}.`;
  });
  const sessions = data?.mySessions ?? [];

  return (
    <Page title="Where you are signed in">
      {error && (
        <p role="alert" className="notice bad">
          {wordsFor(failureOf(error))}
        </p>
      )}
      <ul className="rows" aria-busy={!data && !error}>
        {sessions.map(({ id, device, ipAddress, lastActiveAt, createdAt, current, impersonated }) => (
          <li key={id} className="card">
            <div>
              <strong>{device ?? 'Unknown device'}</strong> {current && <span className="badge good">this device</span>}
              {impersonated && <span className="badge">an administrator</span>}
              <p className="hint">
                {ipAddress}, signed in {ago(createdAt)}, last active {ago(lastActiveAt)}
              </p>
            </div>
            {!current && (
              <ActionButton
                label={`End the session on ${device ?? 'an unknown device'}`}
                onAct={() => endSession({ variables: { id } })}
              >
                End
              </ActionButton>
            )}
          </li>
        ))}
      </ul>
      <Outcome state={othersEnding} />
      {sessions.length > 1 && (
        <button
          type="button"
          className="danger"
          aria-disabled={othersEnding.status === 'pending'}
          onClick={() => void endAllOthers()}
        >
          End all others
        </button>
      )}
    </Page>
  );
}
