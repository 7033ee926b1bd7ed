/** Where code of others comes from, and that the pages and the lock file tell of the same. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Lock, packageName, runTimePaths } from '../support/lock-file.ts';
import { repositoryRoot } from '../support/paths.ts';
import { filesIn, readText } from './sources.ts';

interface Manifest {
  readonly version: string;
  readonly bin: object;
  readonly engines: object;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const manifest = JSON.parse(readText('package.json')) as Manifest;
const lock = JSON.parse(readText('package-lock.json')) as Lock;
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

/** The one spelling of a version or range that the registry answers: no address, no file, no tag. */
const RANGE = /^[~^]?\d+\.\d+\.\d+$/;

describe('package.json and package-lock.json', () => {
  test('agree', () => {
    const { version, bin, engines, dependencies, devDependencies } = manifest;
    expect(lock.lockfileVersion).toBe(3);
    expect(lock.packages['']).toMatchObject({ version, bin, engines, dependencies, devDependencies });
    const missing = Object.keys({ ...dependencies, ...devDependencies }).filter(
      (name) => lock.packages[`node_modules/${name}`] === undefined,
    );
    expect(missing).toEqual([]);
  });

  test('every package is pinned by a SHA-512, which npm ci compares', () => {
    const loose = locked.filter(([, { integrity }]) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? ''));
    expect(loose.map(([path]) => path)).toEqual([]);
  });

  test('packages come from the registry that npm is set to, and no address of another is written down', () => {
    const asked = { ...manifest.dependencies, ...manifest.devDependencies };
    expect(Object.entries(asked).filter(([, range]) => !RANGE.test(range))).toEqual([]);
    const elsewhere = locked.filter(
      ([path, { resolved, version }]) =>
        !/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version) ||
        (resolved !== undefined && !resolved.startsWith(`https://registry.npmjs.org/${packageName(path)}/-/`)),
    );
    expect(elsewhere).toEqual([]);
    expect(
      ['.npmrc', '.yarnrc', 'npm-shrinkwrap.json'].filter((file) => existsSync(join(repositoryRoot(), file))),
    ).toEqual([]);
  });

  test('scripts at installation are allowed or refused by name', () => {
    const isBuilt = (path: string): boolean => existsSync(join(repositoryRoot(), path, 'binding.gyp'));
    const withScript = locked.filter(([path, { hasInstallScript }]) => hasInstallScript === true || isBuilt(path));
    const names = new Set(withScript.map(([path]) => packageName(path)));
    expect([...names].sort()).toEqual(Object.keys(manifest.allowScripts).sort());
    expect(Object.keys(manifest.allowScripts).filter((name) => manifest.allowScripts[name] === true)).toEqual(['pcap']);
  });
});

/** A row of the table of what may be touched; – where nothing is. */
interface Row {
  readonly name: string;
  readonly by: string;
  readonly isInert: boolean;
  readonly native: string;
}

const page = readText('docs/dependencies.md');
const table = /<!-- begin run-time tree -->\n([^]*?)<!-- end run-time tree -->/.exec(page)?.[1] ?? '';
const rows: readonly Row[] = table
  .trim()
  .split('\n')
  .slice(2)
  .map((line) => {
    const [, name = '', by = '', files = '', network = '', programs = '', native = ''] = line
      .split('|')
      .map((cell) => cell.trim());
    const isInert = [files, network, programs, native].every((cell) => cell.startsWith('–'));
    return { name: name.replaceAll('`', ''), by, isInert, native };
  });

/** All binaries of koffi are one row. */
const rowName = (name: string): string => name.replace(/^@koromix\/koffi-[a-z0-9-]+$/, '@koromix/koffi-*');

/** Modules of Node with which a package could touch something, and functions that are there without one. */
const TOUCHES =
  /(?:require\(|from |import\()\s*['"](?:node:)?(?:fs|net|tls|dgram|dns|https?2?|child_process|worker_threads|cluster|os|vm|module|inspector)(?:\/[a-z]+)?['"]|\beval\(|\bnew Function\(|\bfetch\(|process\.(?:binding|dlopen)/;

const codeOf = (path: string): string[] =>
  filesIn(path).filter((file) => /\.[cm]?js$/.test(file) && !file.slice(path.length).includes('node_modules'));

describe('docs/dependencies.md', () => {
  const paths = runTimePaths(lock);

  test('has a row for each package of the run-time tree, with who asks for it', () => {
    const names = [...new Set(paths.map((path) => rowName(packageName(path))))].sort();
    expect(rows.map(({ name }) => name).sort()).toEqual(names);
    for (const { name, by } of rows) {
      const asks = by === 'spad' ? lock.packages[''] : lock.packages[`node_modules/${by}`];
      const asked = Object.keys({ ...asks?.dependencies, ...asks?.optionalDependencies }).map(rowName);
      expect(asked, `${by} asks for ${name}`).toContain(name);
    }
  });

  test('gives each dependency of ours a reason', () => {
    const hasReason = (name: string): boolean => new RegExp(`^\\|[^|]*\`${name}\`[^|]*\\|[^|]{20,}`, 'm').test(page);
    const all = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(all.filter((name) => !hasReason(name))).toEqual([]);
    for (const name of Object.keys(manifest.allowScripts))
      expect(page, name).toContain(`| \`${name}\` | ${manifest.allowScripts[name] === true ? 'yes' : 'no'} |`);
  });

  test('a package of which it says that it touches nothing could not', () => {
    const inert = paths.filter((path) => rows.find(({ name }) => name === rowName(packageName(path)))?.isInert);
    expect(inert.map(packageName)).toEqual(['@noble/ciphers', '@noble/hashes', 'ini', '@types/node', 'uqr']);
    const code = inert.flatMap(codeOf);
    expect(code.length).toBeGreaterThan(30);
    expect(code.filter((file) => TOUCHES.test(readText(file)))).toEqual([]);
    // The pattern finds what it looks for.
    expect(codeOf('node_modules/commander').some((file) => TOUCHES.test(readText(file)))).toBe(true);
  });

  test('native code is where it says so', () => {
    const isNative = (path: string): boolean => filesIn(path).some((file) => file.endsWith('.node'));
    const native = paths.filter(isNative).map((path) => rowName(packageName(path)));
    expect(native.sort()).toEqual(rows.filter((row) => row.native.startsWith('yes')).map(({ name }) => name));
  });
});
