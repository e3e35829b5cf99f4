export type { ErrorAction, ErrorCode, ErrorReason } from './enums.generated.js';
export { type Failure, failureOf } from './failure.js';
export type { TokenStorage } from './keeper.js';
export { Latchkey, type SignInResult, type WithoutTransport } from './latchkey.js';
export type { LatchkeyOptions } from './options.js';
export type { LoginInput, MagicLinkInput, SignupInput, TokenTransport } from './operations.generated.js';
export type { CurrentUser, SignedOutReason } from './session.js';
