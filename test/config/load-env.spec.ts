import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../support/run-program.js';
import { SECRET } from './settings.js';

const LOAD_ENV = new URL('../../build/config/load-env.js', import.meta.url).href;
const HEADLINE = 'Latchkey can not start with this configuration:\n';

let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), 'latchkey-env-'))));
afterEach(() => rmSync(cwd, { recursive: true }));

/** `loadEnv` of the built project as a program: it prints some of what it has read. */
function load(env: Record<string, string>) {
  const program = join(cwd, 'load.mjs');
  const code = `const { JWT_SECRET, JWT_AUDIENCE, PORT } = orExit(() => loadEnv({ problems: () => [] }, (warning) => console.error(warning))); console.log(JSON.stringify({ JWT_SECRET, JWT_AUDIENCE, PORT }));`;
  writeFileSync(program, `import { loadEnv, orExit } from ${JSON.stringify(LOAD_ENV)};\n${code}`);
  return runProgram(program, [], { env, cwd });
}

const writeEnvFile = (text: string) => writeFileSync(join(cwd, '.env'), text, { mode: 0o600 });

describe('loadEnv', () => {
  it('reads .env in the working directory, and the environment wins', async () => {
    writeEnvFile(`JWT_SECRET=${SECRET}$HOME#x\nPORT=5001\nJWT_AUDIENCE=from-file\n`);
    const run = await load({ PORT: '5002', UNRELATED: 'x' });
    expect({ ...run, stdout: JSON.parse(run.stdout) as unknown }).toEqual({
      exitCode: 0,
      stdout: { JWT_SECRET: `${SECRET}$HOME#x`, JWT_AUDIENCE: 'from-file', PORT: 5002 },
      stderr: '',
    });
  });

  it('needs no .env', async () => {
    expect(await load({ JWT_SECRET: SECRET })).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('warns of a name in .env that is no setting', async () => {
    writeEnvFile(`JWT_SECRET=${SECRET}\nACCESS_TOKEN_TLL=5m\nconstructor=x\n__proto__=x\n`);
    expect(await load({})).toMatchObject({
      exitCode: 0,
      stderr:
        '.env: ACCESS_TOKEN_TLL is not a setting of Latchkey and is ignored.\n' +
        '.env: constructor is not a setting of Latchkey and is ignored.\n' +
        '.env: __proto__ is not a setting of Latchkey and is ignored.\n',
    });
  });

  it('ends the process with one line for each problem and none of the values', async () => {
    writeEnvFile('JWT_SECRET=hunter2\n');
    expect(await load({ PORT: 'hunter3' })).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `${HEADLINE}PORT must be a whole number from 0 to 65535\nJWT_SECRET must be at least 32 bytes long\n`,
    });
  });

  it('names the lines that it does not understand together with the values of the others', async () => {
    writeEnvFile(`JWT_SECRET=${SECRET}\nTHIS LINE\nACCESS_TOKEN_TTL=2h\nPORT=5001\nPORT=hunter2\nJWT_AUDIENCE="open\n`);
    const { exitCode, stderr } = await load({ IDE: 'maybe' });
    const named = stderr
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/ (is|sets|begins|must) .*/, ''));
    expect([exitCode, named]).toEqual([1, ['.env line 2', '.env line 5', '.env line 6', 'ACCESS_TOKEN_TTL', 'IDE']]);
    expect(stderr).not.toContain('hunter2');
  });

  it('takes no setting for missing or wrong whose line it does not understand', async () => {
    writeEnvFile(`JWT_SECRET="${SECRET}\nCOOKIE_SAMESITE=none\nCOOKIE_SECURE=true\nCOOKIE_SECURE=true\n`);
    const { stderr } = await load({});
    expect(stderr.match(/^\S+( line \d)?/gm)?.slice(1)).toEqual(['.env line 1', '.env line 4']);
  });

  it('ends the process when .env can not be read', async () => {
    mkdirSync(join(cwd, '.env'));
    const stderr = `${HEADLINE}.env can not be read (EISDIR)\n`;
    expect(await load({})).toEqual({ exitCode: 1, stdout: '', stderr });
    expect((await load({ PORT: 'x' })).stderr).toBe(`${stderr}PORT must be a whole number from 0 to 65535\n`);
  });

  it('warns of a .env that others than the user of the server can read or change', async () => {
    writeEnvFile(`JWT_SECRET=${SECRET}\n`);
    chmodSync(join(cwd, '.env'), 0o640);
    expect(await load({})).toMatchObject({
      exitCode: 0,
      stderr: '.env: others can read or change it (mode 640). Give it mode 600: it holds secrets.\n',
    });
  });

  it('ends the process for a line that it does not understand, named by its number and without its text', async () => {
    writeEnvFile(`JWT_SECRET=${SECRET}\nset JWT_AUDIENCE=hunter2\n`);
    expect(await load({})).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `${HEADLINE}.env line 2 is neither NAME=value nor a comment\n`,
    });
  });
});
