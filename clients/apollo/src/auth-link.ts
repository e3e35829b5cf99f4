import { ApolloLink } from '@apollo/client/link';
import { getMainDefinition } from '@apollo/client/utilities';
import { Kind, OperationTypeNode } from 'graphql';
import { concatMap, defer, type Observable, of } from 'rxjs';
import { assertAnswer, refusalIn, signedOutMeanwhile } from './failure.js';
import type { Rotation } from './rotation.js';
import type { MaybeSession } from './sessions.js';

/** Puts into an operation what shows whose it is. */
export type Attach = (operation: ApolloLink.Operation, session: MaybeSession) => void;

/** Once because another tab had replaced the token before, once after a refresh of our own. More would not help. */
const MAX_REPLAYS = 2;

/**
 * Sends each operation with the token of the session, replaced in time. A token that is refused all the same is replaced
 * and the operation sent again, unless a part of it was carried out, or somebody else has signed in. An answer is handed on only
 * to the user who asked: later it would get into the cache of the next one.
 */
export function authLink(rotation: Rotation, attach: Attach): ApolloLink {
  const { sessions } = rotation;
  return new ApolloLink((operation, forward) => {
    // Null: nobody began it, so it has nothing of a user.
    let era = sessions.current === null ? null : sessions.era;
    const isOfAnother = () => era !== null && era !== sessions.era;

    const send = (session: MaybeSession, replays: number): Observable<ApolloLink.Result> => {
      if (isOfAnother()) throw signedOutMeanwhile('this was not sent');
      if (session) era = sessions.era;
      attach(operation, session);
      return forward(operation).pipe(concatMap((result) => answer(result, session, replays)));
    };

    const answer = (result: ApolloLink.Result, used: MaybeSession, replays: number): Observable<ApolloLink.Result> => {
      assertAnswer(result);
      const refusal = refusalIn(errorsOf(result));
      if (!refusal && isOfAnother()) throw signedOutMeanwhile('the answer was not for them');
      if (!refusal || (refusal.action === 'REFRESH' && replays === 0)) return of(result);
      return defer(() => rotation.afterRefusal(used, refusal)).pipe(
        concatMap((session) => {
          return session && nothingWasDone(operation, result) ? send(session, replays - 1) : of(result);
        }),
      );
    };

    return defer(() => rotation.ready()).pipe(concatMap((session) => send(session, MAX_REPLAYS)));
  });
}

/** With BODY the token is sent by us. */
export function attachToken(operation: ApolloLink.Operation, session: MaybeSession): void {
  if (session?.accessToken) addHeaders(operation, { authorization: `Bearer ${session.accessToken}` });
}

/** With COOKIE the browser sends it, to the server that it is from, if it is told so. */
export function attachCookies(operation: ApolloLink.Operation): void {
  operation.setContext({ credentials: 'include' });
}

/**
 * On a server, which has the cookies of the browser and keeps to what a browser would do: they go to the origin of `uri`. Where
 * the link behind leads to cannot be seen, so an operation that does not say where it is to go goes to `uri`. No redirect is
 * followed: what another host sets would become cookies of this one.
 */
export function attachCookiesAt(uri: string, headers: () => Record<string, string>): Attach {
  return (operation) => {
    const { uri: target = uri } = operation.getContext() as { uri?: unknown };
    if (typeof target !== 'string' || originOf(target) !== originOf(uri)) return;
    operation.setContext(({ fetchOptions }: { fetchOptions?: RequestInit }) => ({
      uri: target,
      fetchOptions: { ...fetchOptions, redirect: 'error' },
    }));
    addHeaders(operation, headers());
  };
}

const originOf = (uri: string): string | null => (URL.canParse(uri) ? new URL(uri).origin : null);

function addHeaders(operation: ApolloLink.Operation, more: Record<string, string>): void {
  operation.setContext(({ headers }: { headers?: Record<string, string> }) => ({ headers: { ...headers, ...more } }));
}

type Errors = readonly { path?: readonly (string | number)[]; extensions?: Record<string, unknown> }[];

const errorsOf = (result: ApolloLink.Result): Errors => ('errors' in result ? (result.errors ?? []) : []);

/** The fields of a mutation run one after the other: if the first one was refused and no other has a value, none has run. */
function nothingWasDone({ query, operationType }: ApolloLink.Operation, result: ApolloLink.Result): boolean {
  if (operationType !== OperationTypeNode.MUTATION) return true;
  const [first] = getMainDefinition(query).selectionSet.selections;
  const name = first?.kind === Kind.FIELD ? (first.alias ?? first.name).value : undefined;
  const values = 'data' in result ? Object.values(result.data ?? {}) : [];
  return errorsOf(result)[0]?.path?.[0] === name && values.every((value) => value === null);
}
