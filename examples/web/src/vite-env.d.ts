/// <reference types="vite/client" />

interface ImportMetaEnv {
  /** Where Latchkey serves GraphQL. */
  readonly VITE_LATCHKEY_URL?: string;
  /** `COOKIE` (the default) or `BODY`. */
  readonly VITE_LATCHKEY_TRANSPORT?: string;
}
