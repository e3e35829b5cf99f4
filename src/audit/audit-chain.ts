import canonicalize from 'canonicalize';
import { createHash, createHmac, type KeyObject } from 'node:crypto';
import type { AuditChain } from './audit-chain.entity.js';
import type { AuditRecord } from './audit-event.entity.js';

/** The predecessor of the first event of all. */
export const BEGINNING = { sequence: 0, hash: '' } as const;

/** A place in the chain. */
export interface ChainEnd {
  readonly sequence: number;
  readonly hash: string;
}

/** Where the chain goes on behind a sealed event. */
export const endOf = ({ sequence, hash }: AuditRecord): ChainEnd => ({ sequence: sequence ?? 0, hash: hash ?? '' });

/**
 * The hash of an event over its predecessor's: HMAC-SHA-256 of the canonical JSON (RFC 8785) of everything that it says. With
 * a key, for whoever can write to the table could compute a plain hash anew.
 *
 * Address and user agent are in it by a salted digest: they can be deleted with their salt, and the chain still holds.
 */
export function hashOf(event: AuditRecord, predecessor: ChainEnd, key: KeyObject): string {
  return mac(key, {
    previous: predecessor.hash,
    sequence: predecessor.sequence + 1,
    id: event.id,
    at: event.at.toISOString(),
    type: event.type,
    actorId: event.actorId ?? null,
    subjectId: event.subjectId ?? null,
    sessionId: event.sessionId ?? null,
    requestId: event.requestId ?? null,
    details: event.details ?? null,
    origin: event.originDigest ?? null,
  });
}

export function originDigestOf({ ipAddress, userAgent }: AuditRecord, salt: string): string {
  const origin = canonicalJson([salt, ipAddress ?? null, userAgent ?? null]);
  return createHash('sha256').update(origin).digest('base64url');
}

/** The HMAC over both ends of the chain. */
export function sealOf(chain: Omit<AuditChain, 'id' | 'wrappedKey' | 'seal'>, key: KeyObject): string {
  const { startSequence, startHash, headSequence, headHash } = chain;
  return mac(key, { ends: [startSequence, startHash, headSequence, headHash] });
}

function mac(key: KeyObject, value: object): string {
  return createHmac('sha256', key).update(canonicalJson(value)).digest('base64url');
}

function canonicalJson(value: object): string {
  const json = canonicalize(value);
  if (json === undefined) throw new TypeError('Not JSON.');
  return json;
}
