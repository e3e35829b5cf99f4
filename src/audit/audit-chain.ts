import canonicalize from 'canonicalize';
import { createHash, createHmac, type KeyObject } from 'node:crypto';
import { constantTimeEqual } from '../common/constant-time.js';
import type { AuditChain } from './audit-chain.entity.js';
import type { AuditRecord } from './audit-event.entity.js';

/** The predecessor of the first event of all. */
export const BEGINNING = { sequence: 0, hash: '' } as const;

/** Clocks of instances differ, and a transaction takes its time. Milliseconds. */
const CLOCKS_DIFFER_MS = 600_000;

/** A place in the chain. */
export interface ChainEnd {
  readonly sequence: number;
  readonly hash: string;
}

/** The chain with its key. */
export interface OpenChain {
  readonly row: AuditChain;
  readonly key: KeyObject;
}

/** What decides which events the chain takes in, and says since when there is this one. */
export type Moments = Pick<AuditChain, 'macsFrom' | 'purgedUntil' | 'begunAnewAt'>;

const NO_MOMENTS: Moments = { macsFrom: null, purgedUntil: null, begunAnewAt: null };

/** What the server says of an event when it writes it. */
export type AuditFact = Omit<AuditRecord, 'sequence' | 'hash' | 'mac'>;

/** Where the chain goes on behind a sealed event. */
export const endOf = ({ sequence, hash }: AuditRecord): ChainEnd => ({ sequence: sequence ?? 0, hash: hash ?? '' });

/** True when one moment is after another, and not by as little as clocks differ. */
export const isClearlyAfter = (one: Date, other: Date): boolean => one.getTime() > other.getTime() + CLOCKS_DIFFER_MS;

/** What an event that is dated into the future brings about. */
export const futureOf = ({ sequence, at }: AuditRecord): string =>
  `Event ${String(sequence)} is dated into the future. It and those behind it are not purged before AUDIT_RETENTION after ${at.toISOString()}.`;

/** The event that was sealed last. */
export const headOf = ({ headSequence, headHash }: AuditChain): ChainEnd => endAt(headSequence, headHash);

/** The last event that was purged. */
export const startOf = ({ startSequence, startHash }: AuditChain): ChainEnd => endAt(startSequence, startHash);

/** A row that was changed by hand can hold a number that no event can be looked for by. */
const endAt = (sequence: number, hash: string): ChainEnd => ({
  sequence: Number.isSafeInteger(sequence) ? sequence : BEGINNING.sequence,
  hash,
});

/**
 * The hash of an event over its predecessor's: HMAC-SHA-256 of the canonical JSON (RFC 8785) of everything that it says. With
 * a key, for whoever can write to the table could compute a plain hash anew.
 */
export function hashOf(event: AuditFact, predecessor: ChainEnd, key: KeyObject): string {
  return mac(key, { previous: predecessor.hash, sequence: predecessor.sequence + 1, ...contentOf(event) });
}

/** True when the event stands in the chain right behind its predecessor, and says what it said when it was sealed. */
export function isNext(event: AuditRecord, predecessor: ChainEnd, key: KeyObject): boolean {
  const { sequence, hash } = endOf(event);
  return sequence === predecessor.sequence + 1 && proves(hash, () => hashOf(event, predecessor, key));
}

/** The HMAC with which an event is written: it says the same until it is in the chain. */
export const macOf = (event: AuditFact, key: KeyObject): string => mac(key, contentOf(event));

/** What an event says. Address and user agent by their digest: they can be deleted with their salt, and all of this still holds. */
const contentOf = (event: AuditFact) => ({
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

type Origin = Pick<AuditRecord, 'ipAddress' | 'userAgent'>;

/** Stands for address and user agent. */
export function originDigestOf({ ipAddress, userAgent }: Origin, salt: string): string {
  const origin = canonicalJson([salt, ipAddress ?? null, userAgent ?? null]);
  return createHash('sha256').update(origin).digest('base64url');
}

/** True when address and user agent are those of the digest, or are gone with the salt. */
export function isOriginWhole(event: AuditFact): boolean {
  const { originSalt, originDigest } = event;
  if (!originSalt) return !event.ipAddress && !event.userAgent;
  return proves(originDigest ?? '', () => originDigestOf(event, originSalt));
}

/** True of what a server can have written: a moment that JavaScript knows, and an object of JSON. */
export function isReadable(event: AuditFact): boolean {
  return typeof (event.details ?? {}) === 'object' && orNothing(() => canonicalJson(contentOf(event))) !== undefined;
}

type Ends = Pick<AuditChain, 'startSequence' | 'startHash' | 'headSequence' | 'headHash'>;
type SealedChain = Ends & Moments;

/** The HMAC over both ends of the chain, and over the moments that decide what is taken into it. */
export function sealOf(chain: SealedChain, key: KeyObject): string {
  const moments = [chain.macsFrom, chain.purgedUntil, chain.begunAnewAt].map((moment) => moment?.toISOString() ?? null);
  return mac(key, { ends: endsOf(chain), moments });
}

/** `former`: by an instance of the version before, which knows of no moments. */
export type SealState = 'genuine' | 'former' | 'broken';

/** Whether the chain's row is as this server, or an instance of the version before, has left it. */
export function sealStateOf(chain: SealedChain & Pick<AuditChain, 'seal'>, key: KeyObject): SealState {
  if (proves(chain.seal, () => sealOf(chain, key))) return 'genuine';
  return proves(chain.seal, () => mac(key, { ends: endsOf(chain) })) ? 'former' : 'broken';
}

/**
 * The moments of the chain that count. The seal of the version before covers none: under it, those that are known from elsewhere
 * count, and of `macsFrom` the earlier one, so that no run of that version moves it on.
 */
export function momentsOf({ row, key }: OpenChain, known: Moments = NO_MOMENTS): Moments {
  const { macsFrom, purgedUntil, begunAnewAt } = row;
  if (sealStateOf(row, key) !== 'former') return { macsFrom, purgedUntil, begunAnewAt };
  return { ...known, macsFrom: earliestOf(macsFrom, known.macsFrom) };
}

/** The earliest of those that are moments at all. */
export function earliestOf(...moments: readonly (Date | null | undefined)[]): Date | null {
  const times = moments.flatMap((moment) => (moment instanceof Date ? [moment.getTime()] : []));
  const known = times.filter((time) => !Number.isNaN(time));
  return known.length === 0 ? null : new Date(Math.min(...known));
}

const endsOf = ({ startSequence, startHash, headSequence, headHash }: Ends) => [
  startSequence,
  startHash,
  headSequence,
  headHash,
];

/**
 * True when what is stored is what is computed of a row. A row can hold what no server writes, such as the moment `infinity`
 * or the number `1e400`: nothing can be computed of it, so nothing proves it.
 */
export function proves(stored: string, compute: () => string): boolean {
  const computed = orNothing(compute);
  return computed !== undefined && constantTimeEqual(Buffer.from(stored), Buffer.from(computed));
}

function orNothing<Value>(compute: () => Value): Value | undefined {
  try {
    return compute();
  } catch {
    return undefined;
  }
}

function mac(key: KeyObject, value: object): string {
  return createHmac('sha256', key).update(canonicalJson(value)).digest('base64url');
}

function canonicalJson(value: object): string {
  const json = canonicalize(value);
  if (json === undefined) throw new TypeError('Not JSON.');
  return json;
}
