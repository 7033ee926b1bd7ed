/** The bill of materials, against the lock file it is made of. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { billOfMaterials, type Lock, packageName, runTimePaths } from '../../../tools/bill.ts';

const lock = JSON.parse(readFileSync(new URL('../../../package-lock.json', import.meta.url), 'utf8')) as Lock;

interface Bill {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly scope?: string;
    readonly purl: string;
    readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
    readonly licenses?: unknown;
    readonly 'bom-ref': string;
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
  readonly metadata: unknown;
}

const parse = (text: string): Bill => JSON.parse(text) as Bill;

const SUM = `sha512-${createHash('sha512').update('a').digest('base64')}`;
const SMALL: Lock = {
  lockfileVersion: 3,
  packages: {
    '': { version: '1.2.3', license: 'MIT', dependencies: { a: '^1.0.0' }, devDependencies: { d: '^1.0.0' } },
    'node_modules/a': { version: '1.0.1', license: 'ISC', integrity: SUM, dependencies: { '@s/b': '^2.0.0', c: '1' } },
    'node_modules/a/node_modules/c': { version: '1.9.0', integrity: SUM, dependencies: { '@s/b': '^2.0.0' } },
    'node_modules/c': { version: '2.0.0', dev: true, integrity: SUM },
    'node_modules/@s/b': { version: '2.0.0', license: 'MIT OR Apache-2.0', integrity: SUM, optional: true },
    'node_modules/d': { version: '1.0.0', dev: true, integrity: SUM },
  },
};

describe('of a small lock file', () => {
  const paths = runTimePaths(SMALL);
  const bill = parse(billOfMaterials(SMALL, paths, [{ name: 'node', version: '20.1.0', license: 'MIT' }]));

  test('the run-time tree is what is not for development', () => {
    expect(paths).toEqual(['node_modules/@s/b', 'node_modules/a', 'node_modules/a/node_modules/c']);
    expect(paths.map(packageName)).toEqual(['@s/b', 'a', 'c']);
  });

  test('components have name, version, licence, digest and address', () => {
    const digest = createHash('sha512').update('a').digest('hex');
    expect(bill.components).toEqual([
      {
        type: 'library',
        'bom-ref': 'node_modules/@s/b',
        name: '@s/b',
        version: '2.0.0',
        scope: 'optional',
        hashes: [{ alg: 'SHA-512', content: digest }],
        licenses: [{ expression: 'MIT OR Apache-2.0' }],
        purl: 'pkg:npm/%40s/b@2.0.0',
      },
      expect.objectContaining({ name: 'a', licenses: [{ license: { id: 'ISC' } }], scope: 'required' }),
      expect.not.objectContaining({ licenses: expect.anything() as unknown }),
      expect.objectContaining({ name: 'node', version: '20.1.0', purl: 'pkg:generic/node@20.1.0' }),
    ]);
  });

  test('who needs what is found as Node finds it', () => {
    expect(bill.dependencies).toEqual([
      { ref: 'spad', dependsOn: ['node_modules/a', 'node'] },
      { ref: 'node_modules/@s/b', dependsOn: [] },
      { ref: 'node_modules/a', dependsOn: ['node_modules/@s/b', 'node_modules/a/node_modules/c'] },
      { ref: 'node_modules/a/node_modules/c', dependsOn: ['node_modules/@s/b'] },
    ]);
  });

  test('a package without a digest, or that is not locked, makes none', () => {
    const { integrity: _, ...loose } = SMALL.packages['node_modules/a'] ?? { version: '' };
    const without: Lock = { ...SMALL, packages: { ...SMALL.packages, 'node_modules/a': loose } };
    expect(() => billOfMaterials(without, paths, [])).toThrow('no SHA-512 of node_modules/a');
    expect(() => billOfMaterials(SMALL, ['node_modules/z'], [])).toThrow('has no node_modules/z');
  });
});

describe('of our own lock file', () => {
  const text = billOfMaterials(lock, runTimePaths(lock), []);
  const bill = parse(text);

  test('every locked package that is not for development is in it, with the digest that npm compares', () => {
    const wanted = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);
    expect(wanted.length).toBeGreaterThan(8);
    const there = new Map(bill.components.map((component) => [component['bom-ref'], component]));
    expect([...there.keys()].sort()).toEqual(wanted.map(([path]) => path).sort());
    for (const [path, { version, integrity }] of wanted) {
      const [hash] = there.get(path)?.hashes ?? [];
      expect(there.get(path)?.version).toBe(version);
      expect(`sha512-${Buffer.from(hash?.content ?? '', 'hex').toString('base64')}`).toBe(integrity);
    }
  });

  test('nothing in it changes from one making to the next', () => {
    expect(billOfMaterials(lock, runTimePaths(lock), [])).toBe(text);
    expect(text).not.toMatch(/timestamp|serialNumber/);
  });

  test('every reference leads to a component', () => {
    const refs = new Set(['spad', ...bill.components.map((component) => component['bom-ref'])]);
    const named = bill.dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]);
    expect(named.filter((ref) => !refs.has(ref))).toEqual([]);
    expect(bill.dependencies).toHaveLength(refs.size);
  });
});
