import { createHash } from 'node:crypto';

/** What counters know of a normalised address: so no store of counters is a list of customers. */
export const accountDigest = (email: string): string => createHash('sha256').update(email).digest('base64url');
