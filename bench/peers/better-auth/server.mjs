/** Better Auth on Node's own HTTP server: `node server.mjs FILE PORT`. Nothing of it is switched off but its limits. */
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import Database from 'better-sqlite3';

const [file, port] = process.argv.slice(2);
const database = new Database(file);
database.pragma('journal_mode = WAL');
const auth = betterAuth({
  database,
  baseURL: `http://127.0.0.1:${port}`,
  secret: 'a secret of the benchmark, and of nothing else',
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
});
const { runMigrations } = await getMigrations(auth.options);
await runMigrations();
const handle = toNodeHandler(auth);
createServer((request, response) => {
  // Where the benchmark asks whether it is there.
  if (request.url === '/ready') response.end();
  else void handle(request, response);
}).listen(Number(port), '127.0.0.1');
process.once('SIGTERM', () => process.exit(0));
