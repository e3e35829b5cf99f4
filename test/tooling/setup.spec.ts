import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const SETUP = join(import.meta.dirname, '../../scripts/setup.mjs');
const LOCK = {
  packages: { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0', optional: true } },
};

/** A checkout that holds nothing but the set-up script, at a path with a space, and an `npm` that writes down its arguments. */
class Checkout {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  static async create(): Promise<Checkout> {
    const checkout = new Checkout(await mkdtemp(join(tmpdir(), 'latch key-')));
    await mkdir(join(checkout.root, 'scripts'));
    await cp(SETUP, join(checkout.root, 'scripts/setup.mjs'));
    await checkout.write('bin/npm', '#!/bin/sh\necho "npm $*"\n');
    await chmod(join(checkout.root, 'bin/npm'), 0o755);
    await checkout.write('package-lock.json', JSON.stringify(LOCK));
    return checkout;
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.root, path)), { recursive: true });
    await writeFile(join(this.root, path), text);
  }

  read(path: string): Promise<string> {
    return readFile(join(this.root, path), 'utf8');
  }

  /** Calls one function of the script as its own process would, and answers what that printed. */
  async call(name: 'ensureEnvFile' | 'ensureInstalled', nodeEnv = ''): Promise<string> {
    const code = `import('./scripts/setup.mjs').then((setup) => setup.${name}())`;
    const path = `${join(this.root, 'bin')}${delimiter}${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, PATH: path, NODE_ENV: nodeEnv };
    return (await run(process.execPath, ['-e', code], { cwd: this.root, env })).stdout;
  }
}

describe('the set-up of a checkout', () => {
  let checkout: Checkout;
  beforeEach(async () => {
    checkout = await Checkout.create();
  });
  afterEach(() => rm(checkout.root, { recursive: true }));

  const recordInstall = (packages: object): Promise<void> =>
    checkout.write('node_modules/.package-lock.json', JSON.stringify({ packages }));

  it('makes a .env with a secret of 48 random bytes that only its owner can read', async () => {
    await checkout.call('ensureEnvFile');
    expect(await checkout.read('.env')).toMatch(/^JWT_SECRET=[\w-]{64}$/m);
    expect((await stat(join(checkout.root, '.env'))).mode & 0o777).toBe(0o600);
  });

  it('makes another secret for each checkout', async () => {
    await checkout.call('ensureEnvFile');
    const first = await checkout.read('.env');
    await rm(join(checkout.root, '.env'));
    await checkout.call('ensureEnvFile');
    expect(await checkout.read('.env')).not.toBe(first);
  });

  it('leaves an existing .env alone', async () => {
    await checkout.write('.env', 'JWT_SECRET=mine\n');
    expect(await checkout.call('ensureEnvFile')).toBe('');
    expect(await checkout.read('.env')).toBe('JWT_SECRET=mine\n');
  });

  it.each(['production', 'staging'])('makes no .env in %s', async (nodeEnv) => {
    await checkout.call('ensureEnvFile', nodeEnv);
    await expect(checkout.read('.env')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('installs the locked packages, the compiler among them, when there are none', async () => {
    expect(await checkout.call('ensureInstalled', 'production')).toBe(
      'Installing packages (first start only) ...\nnpm ci --include=dev --loglevel=error --no-audit --no-fund\n',
    );
  });

  it('installs again when the lock file names another version', async () => {
    await recordInstall({ 'node_modules/a': { version: '0.9.0' } });
    expect(await checkout.call('ensureInstalled')).toMatch(/^Installing packages \(package-lock.json has changed\)/);
  });

  it('installs again when a package is missing', async () => {
    await recordInstall({});
    expect(await checkout.call('ensureInstalled')).toMatch(/^Installing packages/);
  });

  it('installs nothing when only an optional package of another platform is missing', async () => {
    await recordInstall({ 'node_modules/a': { version: '1.0.0' } });
    expect(await checkout.call('ensureInstalled')).toBe('');
  });

  it('installs nothing through a node_modules that links to the packages of another checkout', async () => {
    const shared = join(checkout.root, 'shared');
    await mkdir(shared);
    await symlink(shared, join(checkout.root, 'node_modules'));
    await expect(checkout.call('ensureInstalled')).rejects.toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('node_modules is a link'),
    });
  });
});
