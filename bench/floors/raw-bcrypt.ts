/** What bcrypt alone can do here: `node raw-bcrypt.ts COST PARALLEL SECONDS` prints hashes a second. */
import { genSaltSync, hash } from 'bcrypt';
import { closedLoopFor } from '../harness/load.ts';

const [cost = 12, parallel = 8, seconds = 1] = process.argv.slice(2).map(Number);
const perSecond = await closedLoopFor(parallel, seconds, () => hash('correct horse battery', genSaltSync(cost)));
process.stdout.write(String(perSecond));
