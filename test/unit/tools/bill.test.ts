/** The bill of materials, against the lock file that npm makes it of. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { askNpm, type Bill, formatBill } from '../../../tools/bill.ts';
import { type Lock, packageName, runTimePaths } from '../../support/lock-file.ts';
import { repositoryRoot } from '../../support/paths.ts';

const lock = JSON.parse(readFileSync(`${repositoryRoot()}/package-lock.json`, 'utf8')) as Lock;
const asked = askNpm(repositoryRoot());
const parse = (text: string): Bill => JSON.parse(text) as Bill;
const names = ({ components }: Bill): string[] => components.map(({ name, version }) => `${name} ${version}`).sort();

/** No reference leads out of the document, and each component is told of once. */
const expectWhole = ({ metadata, components, dependencies }: Bill): void => {
  const refs = [metadata.component, ...components].map((component) => component['bom-ref']);
  expect(new Set(refs).size).toBe(refs.length);
  expect(dependencies.flatMap(({ dependsOn }) => dependsOn).filter((ref) => !refs.includes(ref))).toEqual([]);
};

test('every locked package that is not for development is in it, with the digest that npm compares', () => {
  const bill = parse(formatBill(asked));
  const paths = runTimePaths(lock);
  expect(paths.length).toBeGreaterThan(8);
  expect(names(bill)).toEqual(paths.map((path) => `${packageName(path)} ${lock.packages[path]?.version ?? ''}`).sort());
  const digests = paths.map((path) => lock.packages[path]?.integrity?.replace('sha512-', '') ?? '');
  for (const digest of digests) expect(JSON.stringify(bill)).toContain(Buffer.from(digest, 'base64').toString('hex'));
  expectWhole(bill);
});

test('it is of spad, whatever the folder is called, and nothing in it changes from one making to the next', () => {
  const text = formatBill(asked);
  expect(formatBill(askNpm(repositoryRoot()))).toBe(text);
  expect(text).not.toMatch(/timestamp|serialNumber/);
  expect(parse(text).metadata.component).toMatchObject({ name: 'spad', version: lock.packages['']?.version });
});

test('of a shipment there are its packages alone, and the Node.js', () => {
  const bill = parse(formatBill(asked, { packages: ['koffi', '@koromix/koffi-linux-x64'], node: '20.1.0' }));
  const version = lock.packages['node_modules/koffi']?.version ?? '';
  expect(names(bill)).toEqual([`@koromix/koffi-linux-x64 ${version}`, `koffi ${version}`, 'node 20.1.0']);
  const needs = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  expect(needs.get(bill.metadata.component['bom-ref'])).toEqual([`koffi@${version}`, 'node@20.1.0']);
  expect(needs.get(`koffi@${version}`)).toEqual([`@koromix/koffi-linux-x64@${version}`]);
  expectWhole(bill);
});

test('a package that is not locked makes none', () => {
  expect(() => formatBill(asked, { packages: ['koffi', 'zzz'], node: '20.1.0' })).toThrow('has no zzz');
});

test('what npm complains of is told', () => {
  expect(() => askNpm('/')).toThrow(/npm sbom /);
});
