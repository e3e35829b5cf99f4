import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Ended {
  code: number;
  stderr: string;
}

/** @see nestjs/graphql#993, #1587: who has to boot everything to find a changed schema does not look. */
describe('the schema command, without database, Redis or secret', () => {
  let folder: string;
  beforeAll(() => {
    execFileSync(process.execPath, ['scripts/build.mjs', '--if-stale']);
    folder = mkdtempSync(join(tmpdir(), 'latchkey-schema-'));
    for (const name of ['dist', 'package.json']) cpSync(name, join(folder, name), { recursive: true });
    for (const name of ['node_modules', 'assets']) symlinkSync(join(process.cwd(), name), join(folder, name));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const committed = readFileSync('schema.gql', 'utf8');
  const written = () => readFileSync(join(folder, 'schema.gql'), 'utf8');
  const write = (content: string) => writeFileSync(join(folder, 'schema.gql'), content);

  /** In a folder without .env, where every other variable is wrong. */
  const schema = (...options: string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const env = {
        NODE_ENV: 'production',
        DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
        JWT_SECRET: '',
        PORT: 'x',
      };
      execFile(process.execPath, ['dist/cli/schema.js', ...options], { cwd: folder, env }, (error, _, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stderr }),
      );
    });

  it('finds nothing in the committed file', async () => {
    write(committed);
    expect(await schema('--check')).toEqual({ code: 0, stderr: '' });
    expect(written()).toBe(committed);
  });

  it('ends with 1 and a diff when a field differs, and leaves the file alone', async () => {
    const changed = committed.replace('  emailVerified: Boolean!', '  emailVerified: Boolean');
    write(changed);
    const { code, stderr } = await schema('--check');
    expect(code).toBe(1);
    expect(stderr.split('\n')).toEqual(
      expect.arrayContaining([
        '-  emailVerified: Boolean',
        '+  emailVerified: Boolean!',
        'schema.gql is out of date. Run: npm run schema',
      ]),
    );
    expect(written()).toBe(changed);
  });

  it('writes the committed file, byte for byte', async () => {
    write('');
    expect(await schema()).toEqual({ code: 0, stderr: '' });
    expect(written()).toBe(committed);
  });
});
