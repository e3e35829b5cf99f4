/** While nobody knows yet who is there: usually too short to be seen. */
export function Splash() {
  return (
    <main className="splash" aria-busy="true">
      <p role="status">One moment …</p>
    </main>
  );
}

export function Unreachable({ retry }: { readonly retry: () => void }) {
  return (
    <main className="splash">
      <h1>No connection</h1>
      <p>The server can not be reached. You are still signed in if you were before.</p>
      <button type="button" className="primary" onClick={retry}>
        Try again
      </button>
    </main>
  );
}
