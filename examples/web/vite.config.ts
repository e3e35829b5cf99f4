import react from '@vitejs/plugin-react';
import { defineConfig, loadEnv, type Plugin } from 'vite';

/** What the built page may load, and whom it may talk to. The development server needs more, and has no policy. */
function contentSecurityPolicy(apiOrigin: string): Plugin {
  const policy =
    `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src ${apiOrigin}; ` +
    "base-uri 'none'; form-action 'none'";
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: policy }, injectTo: 'head-prepend' },
    ],
  };
}

export default defineConfig(({ mode }) => {
  const { VITE_LATCHKEY_URL = 'http://localhost:4000/graphql' } = loadEnv(mode, import.meta.dirname, 'VITE_');
  return {
    plugins: [react(), contentSecurityPolicy(new URL(VITE_LATCHKEY_URL).origin)],
    // APP_URL of the server: the links of its mails lead there.
    server: { port: 5173, strictPort: true },
    preview: { port: 5173, strictPort: true },
  };
});
