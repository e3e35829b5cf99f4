import { renderAltair } from 'altair-static';
import { AUTHORIZATION_HEADER, exampleOperations } from './example-operations.js';
import { POLICY_SCRIPT } from './policy-script.js';
import { REMEMBER_TOKENS } from './token-scripts.js';

/** The environment of Altair that the token scripts write to. */
const SESSION = { id: 'session', title: 'Session', variables: { accessToken: '', refreshToken: '' } };

/**
 * The HTML page. `nonce` is base64, and the same as in the policy that goes with the page.
 *
 * `beta.disable.newScript` selects the script engine that is an interpreter. The other one needs `unsafe-eval` here or
 * in a frame of our origin, and that frame evaluates what any window sends to it that names itself in its address.
 */
export function renderIdePage(nonce: string): string {
  const html = renderAltair({
    baseURL: '/ide/',
    cspNonce: nonce,
    endpointURL: '/graphql',
    initialWindows: exampleOperations,
    // What a new tab starts with.
    initialHeaders: AUTHORIZATION_HEADER,
    initialPostRequestScript: REMEMBER_TOKENS,
    initialEnvironments: { activeSubEnvironment: SESSION.id, subEnvironments: [SESSION] },
    instanceStorageNamespace: 'latchkey_',
    disableAccount: true,
    initialSettings: { 'schema.reloadOnStart': true },
    persistedSettings: {
      'beta.disable.newScript': true,
      'banners.disable': true,
      'alert.disableUpdateNotification': true,
      disablePushNotification: true,
    },
  });
  return html.replace('<head>', () => `<head><script nonce="${nonce}">${POLICY_SCRIPT}</script>`);
}
