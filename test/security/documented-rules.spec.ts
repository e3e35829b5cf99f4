import { existsSync, globSync, readFileSync } from 'node:fs';
import { ASVS_IDS } from './support/asvs-ids.js';

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const exists = (path: string) => existsSync(new URL(`../../${path}`, import.meta.url));

interface Link {
  path: string;
  /** The name of a test in it, as the source has it. */
  test: string | undefined;
}

/** `[path](../path): `name`` */
function linksIn(cell: string): Link[] {
  const links = [...cell.matchAll(/\[([^\]]+)\]\(\.\.\/([^)]+)\)(?:: `([^`]+)`)?/g)];
  return links.map(([, label = '', path = '', test]) => {
    if (label !== path) throw new Error(`${label} links to ${path}`);
    return { path, test };
  });
}

const rowsOf = (text: string): string[][] =>
  [...text.matchAll(/^\| (.+) \|$/gm)]
    .map(([, row = '']) => row.split(' | ').map((cell) => cell.trim()))
    .filter(([first = '']) => !/^-+$|^(Id|Rule)$/.test(first));

/** What is wrong with the links of a document: files and tests that are not there. */
function broken(links: Link[]): string[] {
  return links.flatMap(({ path, test }) => {
    if (!exists(path)) return [`${path} is not there`];
    const isNamed = test === undefined || read(path).includes(test);
    return isNamed ? [] : [`${path} has no test "${test}"`];
  });
}

const asvs = read('docs/asvs.md');
const STATUS = ['pass', 'n/a', 'open'];

describe('docs/asvs.md', () => {
  const rows = rowsOf(asvs);

  it('has every requirement of ASVS 5.0.0, once, with its level', () => {
    expect(rows.map(([id, level]) => [id, Number(level)])).toEqual(ASVS_IDS);
    expect(ASVS_IDS).toHaveLength(345);
  });

  it('names files and tests that are there', () => {
    expect(broken(rows.flatMap(([, , , , where = '']) => linksIn(where)))).toEqual([]);
  });

  it('links each pass to what shows it, and says why for each of the others', () => {
    const unfounded = rows.filter(([, , , status = '', where = '']) => {
      return !STATUS.includes(status) || where === '' || (status === 'pass') !== linksIn(where).length > 0;
    });
    expect(unfounded).toEqual([]);
  });

  it('counts right, by chapter and as a whole', () => {
    const count = (counted: string[][]) => STATUS.map((status) => counted.filter((row) => row[3] === status).length);
    const total = /Of (\d+) requirements: (\d+) pass, (\d+) n\/a, (\d+) open\./.exec(asvs)?.slice(1).map(Number);
    expect(total).toEqual([rows.length, ...count(rows)]);
    for (const chapter of asvs.split(/^## /m).slice(1)) {
      const told = /^(\d+) pass, (\d+) n\/a, (\d+) open\.$/m.exec(chapter)?.slice(1).map(Number);
      expect({ chapter: chapter.split('\n')[0], told }).toEqual({
        chapter: chapter.split('\n')[0],
        told: count(rowsOf(chapter)),
      });
    }
  });
});

describe('docs/security-rules.md', () => {
  const rows = rowsOf(read('docs/security-rules.md'));

  it('names for each rule a file, and a test that is there', () => {
    expect(broken(rows.flatMap(([, file = '', test = '']) => linksIn(`${file} ${test}`)))).toEqual([]);
    const incomplete = rows.filter(([, file = '', test = '']) => linksIn(file).length !== 1 || !linksIn(test)[0]?.test);
    expect(incomplete).toEqual([]);
  });

  it('refers to requirements that apply', () => {
    const applicable = new Set(rowsOf(asvs).flatMap(([id = '', , , status]) => (status === 'n/a' ? [] : [id])));
    const wrong = rows.flatMap(([, , , ids = '']) => ids.split(', ')).filter((id) => !applicable.has(id));
    expect(wrong).toEqual([]);
  });

  it('says each rule once', () => {
    const rules = rows.map(([rule]) => rule);
    expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([]);
  });
});

describe('docs/operations/keys.md', () => {
  const IMPORT = /^import \{([^}]+)\} from '(?:node:crypto|bcrypt|@nestjs\/jwt|@node-rs\/argon2|unixcrypt)';$/gm;

  /** Types, and errors, do no cryptography. */
  function usesCryptography(path: string): boolean {
    const names = [...read(path).matchAll(IMPORT)].flatMap(([, list = '']) => list.split(',').map((it) => it.trim()));
    return names.some((name) => name !== '' && !/^type |Error$/.test(name));
  }

  it('has every file that uses cryptography', () => {
    const using = globSync('src/**/*.ts', { cwd: new URL('../..', import.meta.url) }).filter(usesCryptography);
    const inventory = read('docs/operations/keys.md').split('## What cryptography there is')[1] ?? '';
    const listed = [...inventory.matchAll(/`([a-z-]+(?:\/[\w.-]+)+\.ts)`/g)].map(([, path = '']) => `src/${path}`);
    expect(using.sort()).toEqual(listed.sort());
  });
});
