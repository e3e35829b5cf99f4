/** Part of the description of each mutation that begins with `Authorities.assertRecentSignIn`. */
export const RECENT_SIGN_IN =
  'takes a sign-in within REAUTHENTICATION_MAX_AGE, 10 minutes by default (else REAUTHENTICATION_REQUIRED), and is FORBIDDEN while ' +
  'you act as a user';
