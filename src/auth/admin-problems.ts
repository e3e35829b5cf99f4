import type { ConfigProblem, Env } from '../config/env.js';
import { passwordProblem } from '../passwords/password-policy.js';
import { isEmailAddress, normalizeEmail } from '../users/email.js';

/**
 * Why no account can be made of ADMIN_EMAIL and ADMIN_PASSWORD: they obey the rules of accounts, which are not known where
 * the other settings are judged.
 */
export function adminProblems(env: Pick<Env, 'ADMIN_EMAIL' | 'ADMIN_PASSWORD'>): ConfigProblem[] {
  const { ADMIN_EMAIL, ADMIN_PASSWORD } = env;
  if (ADMIN_EMAIL === undefined || ADMIN_PASSWORD === undefined) return [];
  const email = normalizeEmail(ADMIN_EMAIL);
  const weakness = passwordProblem(ADMIN_PASSWORD, { email });
  return [
    ...(isEmailAddress(email) ? [] : [{ name: 'ADMIN_EMAIL', reason: 'must be an e-mail address' }]),
    ...(weakness ? [{ name: 'ADMIN_PASSWORD', reason: `cannot be the password of an account: ${weakness}` }] : []),
  ];
}
