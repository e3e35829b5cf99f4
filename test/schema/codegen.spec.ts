import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A frontend that signs in, shows a date and tells errors apart. It compiles only if the generated types say so. */
const SAMPLE_CLIENT = `
import { useFragment } from './dist/client/fragment-masking.js';
import { type LogInMutation, type MeQuery, SignedInFragmentDoc } from './dist/client/graphql.js';
import type { ErrorAction, ErrorCode } from './dist/client/schema.js';

export function greeting({ login }: LogInMutation): string {
  if (login.__typename === 'EmailVerificationRequired') return login.email;
  const { user, accessToken } = useFragment(SignedInFragmentDoc, login);
  const token: string | null = accessToken;
  const since: string = user.createdAt;
  return \`\${user.name ?? user.email} since \${since.slice(0, 4)} \${token ?? ''}\`;
}

export function isAdmin({ me }: MeQuery): boolean {
  const lastLogin: string | null = me.lastLoginAt;
  const permissions: string[] | null = me.permissions;
  return lastLogin !== null && permissions !== null && me.roles.includes('admin');
}

export function isTransient(code: ErrorCode): boolean {
  return code === 'SERVICE_UNAVAILABLE' || code === 'TOO_MANY_REQUESTS';
}

export const next: Record<ErrorAction, string> = {
  FIX_INPUT: '', LOGIN: '', NONE: '', REAUTHENTICATE: '', REFRESH: '', RETRY: '', VERIFY_EMAIL: '',
};

// @ts-expect-error a date is text and nothing else
export const wrong: number = {} as MeQuery['me']['createdAt'];
// @ts-expect-error there is no such code
isTransient('INVALID_TOKEN');
`;

const STRICT = ['--strict', '--noUncheckedIndexedAccess', '--exactOptionalPropertyTypes', '--noUnusedLocals'];
/** What the templates of today's bundlers set besides. */
const BUNDLER = [
  '--module',
  'esnext',
  '--moduleResolution',
  'bundler',
  '--target',
  'es2022',
  '--verbatimModuleSyntax',
  '--erasableSyntaxOnly',
];

/** @see dotansimha/graphql-code-generator#8413, #8412, #153 */
describe('codegen.ts, without a server', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'latchkey-codegen-'));
    for (const name of ['codegen.ts', 'schema.gql', 'examples']) cpSync(name, join(folder, name), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    writeFileSync(join(folder, 'sample.ts'), SAMPLE_CLIENT);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const tool = (name: string, ...options: string[]) =>
    run(process.execPath, [join(process.cwd(), 'node_modules', name), ...options], { cwd: folder });

  it('is the config that the README prints', () => {
    const [, printed] = /```ts\n(const config: CodegenConfig.*?)```/s.exec(readFileSync('README.md', 'utf8')) ?? [];
    expect(readFileSync('codegen.ts', 'utf8')).toContain(printed);
  });

  it('makes types without a warning, under which a strict client compiles', async () => {
    const { stdout, stderr } = await tool('@graphql-codegen/cli/esm/bin.js', '--config', 'codegen.ts');
    expect(stderr).toBe('');
    expect(stdout).not.toMatch(/warn|deprecat|error/i);

    const compiled = await tool('typescript/bin/tsc', 'sample.ts', '--noEmit', ...STRICT, ...BUNDLER).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(compiled.stdout).toBe('');
  });
});
