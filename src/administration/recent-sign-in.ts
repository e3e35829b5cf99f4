/** Part of the description of each mutation that begins with `Authorities.assertRecentSignIn`. */
export const RECENT_SIGN_IN =
  'Takes a sign-in of a moment ago (else REAUTHENTICATION_REQUIRED), and is FORBIDDEN while you act as a user';
