import { readFileSync } from 'node:fs';
import semver from 'semver';

/** Below these a package has a public weakness. The advisory service can not always be asked, so the list is ours. */
const FLOORS: Record<string, [floor: string, why: string]> = {
  '@apollo/server': ['5.5.0', 'CVE-2026-23897, GHSA-9q82-xgwf-vj6h'],
  '@mikro-orm/core': ['7.2.0', 'CVE-2026-34220, CVE-2026-34221, CVE-2026-44680'],
  '@mikro-orm/sql': ['7.2.0', 'CVE-2026-34220, CVE-2026-44680'],
  '@mikro-orm/sqlite': ['7.2.0', 'CVE-2026-34220'],
  '@mikro-orm/postgresql': ['7.2.0', 'CVE-2026-34220'],
  '@nestjs/common': ['12.0.0', 'CVE-2026-35515 and others before 11.1.24'],
  '@nestjs/core': ['12.0.0', 'CVE-2026-35515'],
  '@nestjs/graphql': ['14.0.3', 'the version that was read; resolvers by inheritance and factory are refused besides'],
  '@nestjs/platform-express': ['12.0.0', 'CVE-2024-29409'],
  bcrypt: ['6.0.0', 'CVE-2020-7689'],
  'body-parser': ['2.2.1', 'CVE-2024-45590, CVE-2025-13466'],
  cookie: ['0.7.0', 'CVE-2024-47764'],
  express: ['5.2.0', 'the versions of its parsers below'],
  graphql: ['16.15.0', 'CVE-2023-26144, and validation whose cost grew with the square of the document'],
  jsonwebtoken: ['9.0.3', 'CVE-2022-23539, CVE-2022-23540, CVE-2022-23541'],
  jws: ['4.0.1', 'CVE-2025-65945'],
  passport: ['0.7.0', 'CVE-2022-25896'],
  'passport-jwt': ['4.0.1', 'the versions of jsonwebtoken before'],
  'path-to-regexp': ['8.4.0', 'CVE-2026-4926, CVE-2026-4867'],
  qs: ['6.14.1', 'CVE-2025-15284, CVE-2026-2391'],
};

/** Not at all: each opens a door that is closed here. */
const UNWANTED = [
  '@nestjs/devtools-integration', // CVE-2025-54782
  '@nestjs/platform-fastify', // CVE-2026-2293, CVE-2026-33011, CVE-2026-54281
  'graphql-upload',
  'subscriptions-transport-ws',
];

interface Locked {
  version?: string;
  dev?: boolean;
}

const read = (file: string): unknown => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));
const { packages } = read('package-lock.json') as { packages: Record<string, Locked> };

/** Every copy of every package, those inside others too. */
const installed = Object.entries(packages)
  .filter(([path]) => path.includes('node_modules/'))
  .map(([path, { version = '', dev = false }]) => ({
    path,
    version,
    dev,
    name: path.split('node_modules/').at(-1) ?? '',
  }));

describe('the lock file', () => {
  it.each(Object.entries(FLOORS))('has %s in no version with a known weakness', (name, [floor, why]) => {
    const copies = installed.filter((it) => it.name === name);
    expect(copies).not.toEqual([]);
    const old = copies.filter(({ version }) => semver.lt(version, floor));
    expect({ why, old }).toEqual({ why, old: [] });
  });

  it('has graphql once, and below 17, which Apollo Server does not allow', () => {
    const copies = installed.filter(({ name }) => name === 'graphql');
    expect(copies.map(({ version }) => semver.major(version))).toEqual([16]);
  });

  it.each(UNWANTED)('does not have %s', (unwanted) => {
    expect(installed.filter(({ name }) => name === unwanted)).toEqual([]);
  });

  it('has one version of MikroORM, in all its packages', () => {
    const versions = installed.filter(({ name }) => name.startsWith('@mikro-orm/')).map(({ version }) => version);
    expect(new Set(versions).size).toBe(1);
  });
});

describe('package.json', () => {
  const { dependencies, devDependencies } = read('package.json') as Record<string, Record<string, string>>;

  it('names exact versions, so that an install brings what was tested', () => {
    const loose = Object.entries({ ...dependencies, ...devDependencies }).filter(([, range]) => !semver.valid(range));
    expect(loose).toEqual([]);
  });
});
