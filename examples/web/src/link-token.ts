/**
 * The token of a mailed link, taken out of the address once, before anything is drawn: it must not stay in the history or
 * be copied with the address.
 */
export const linkToken = new URLSearchParams(location.hash.slice(1)).get('token');
if (linkToken) history.replaceState(null, '', location.pathname);

// Another link to the page that is open already changes nothing but the fragment.
addEventListener('hashchange', () => location.reload());
