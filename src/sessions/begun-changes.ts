import type { EntityManager } from '@mikro-orm/core';
import { Mail } from '../mail/mail.entity.js';
import { OneTimeToken } from '../tokens/one-time-token.entity.js';
import type { WhichSessions } from './session-end.js';

/**
 * Voids what these sessions have begun and what would go on without them: a change of address that waits for its link to be
 * sent or used. In the transaction that ends the sessions, and also when they had ended by themselves before.
 */
export async function voidBegunChanges(em: EntityManager, userId: string, which: WhichSessions): Promise<void> {
  // The mail first: whoever is about to send it holds its row, and has issued the token once this goes on.
  await em.nativeDelete(Mail, { userId, template: 'confirm-email-change', ...begunIn(which) });
  await em.nativeDelete(OneTimeToken, { user: userId, purpose: 'email_change', usedAt: null, ...begunIn(which) });
}

/**
 * Voids changes to any other address, in the transaction that asks for one to this. The request does it, not the mail, which
 * is written to free addresses alone: what becomes of the older link must not tell which it is (ASVS 6.3.8).
 */
export async function voidOtherChanges(em: EntityManager, userId: string, email: string): Promise<void> {
  await em.nativeDelete(Mail, { userId, template: 'confirm-email-change', recipient: { $ne: email } });
  await em.nativeDelete(OneTimeToken, { user: userId, purpose: 'email_change', usedAt: null, email: { $ne: email } });
}

/** What no session is known of counts as begun in any of several. */
function begunIn(which: WhichSessions) {
  if (which === 'all') return {};
  const isOneOrListed = typeof which.id === 'string' || '$in' in which.id;
  return isOneOrListed ? { sessionId: which.id } : { $or: [{ sessionId: which.id }, { sessionId: null }] };
}
