import type { ClientInfo } from '../common/client-info.js';

/** How the owner of an account has signed in. */
export interface SignIn {
  readonly client: ClientInfo;
  /** Of a device that is known to the account, see `KnownDevices`. */
  readonly deviceId: string | undefined;
  /** RFC 8176. */
  readonly authMethods: readonly string[];
  /** When the account was signed in to before this. */
  readonly formerLoginAt: Date | null | undefined;
}
