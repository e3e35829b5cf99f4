import { useEffect, useState, useSyncExternalStore } from 'react';
import type { CurrentUser, Latchkey, SignedOutReason } from './index.js';

/** What a page shows: nothing yet, the application, the sign-in, or that there is no connection. */
export type SessionState =
  | { readonly status: 'loading' }
  | { readonly status: 'signed-in'; readonly user: CurrentUser }
  | { readonly status: 'signed-out'; readonly reason: SignedOutReason | undefined }
  | { readonly status: 'unreachable'; readonly retry: () => void };

/** Who is signed in, in a component. Asks when it is not known yet, and renders again when it changes. */
export function useSession(latchkey: Latchkey): SessionState {
  const user = useSyncExternalStore(
    latchkey.onChange,
    () => latchkey.user,
    () => latchkey.user,
  );
  const [attempt, setAttempt] = useState({ number: 1, hasFailed: false });
  const isKnown = user !== undefined;

  useEffect(() => {
    if (isKnown) return;
    let isShown = true;
    latchkey.currentUser().catch(() => isShown && setAttempt(({ number }) => ({ number, hasFailed: true })));
    return () => void (isShown = false);
  }, [latchkey, isKnown, attempt.number]);

  if (user) return { status: 'signed-in', user };
  if (user === null) return { status: 'signed-out', reason: latchkey.signedOutReason };
  if (!attempt.hasFailed) return { status: 'loading' };
  return { status: 'unreachable', retry: () => setAttempt(({ number }) => ({ number: number + 1, hasFailed: false })) };
}
