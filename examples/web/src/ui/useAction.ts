import { type Failure, failureOf } from '@latchkey/apollo-client';
import { useState } from 'react';

export type ActionState =
  | { readonly status: 'idle' | 'pending' }
  | { readonly status: 'done'; readonly message: string | undefined }
  | { readonly status: 'failed'; readonly failure: Failure };

/** Does something at a click, once at a time, and tells how it goes. A message that is returned is shown. */
export function useAction<Args extends unknown[]>(
  act: (...args: Args) => Promise<unknown>,
): [state: ActionState, run: (...args: Args) => Promise<void>] {
  const [state, setState] = useState<ActionState>({ status: 'idle' });

  async function run(...args: Args): Promise<void> {
    if (state.status === 'pending') return;
    setState({ status: 'pending' });
    try {
      const result = await act(...args);
      setState({ status: 'done', message: typeof result === 'string' ? result : undefined });
    } catch (error) {
      setState({ status: 'failed', failure: failureOf(error) });
    }
  }

  return [state, run];
}
