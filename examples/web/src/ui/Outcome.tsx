import { wordsFor } from '../words';
import type { ActionState } from './useAction';

/** What came of an action: read out at once when it failed, in its turn when it is done. */
export function Outcome({ state }: { readonly state: ActionState }) {
  return (
    <>
      {state.status === 'failed' && (
        <p role="alert" tabIndex={-1} className="notice bad">
          {wordsFor(state.failure)}
        </p>
      )}
      <p role="status" className={state.status === 'done' && state.message ? 'notice good' : 'empty'}>
        {state.status === 'done' && state.message}
      </p>
    </>
  );
}
