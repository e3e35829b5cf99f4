import { renderAltair } from 'altair-static';
import { exampleOperations } from './example-operations.js';
import { POLICY_SCRIPT } from './policy-script.js';
import { TOKEN_SCRIPT } from './token-script.js';

/** The environment of Altair that the token script writes to. */
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
    // Empty before the first login, and a public operation does not mind.
    initialHeaders: { Authorization: 'Bearer {{accessToken}}' },
    initialPostRequestScript: TOKEN_SCRIPT,
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
