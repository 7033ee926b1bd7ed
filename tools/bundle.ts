/**
 * The programs as they are installed: each one file, with what it uses of the packages, and a small launcher that is
 * what the shell starts (docs/decisions/0012-cold-start.md). Called after `tsc`, on what it wrote.
 */
import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as runEsbuild, type BuildOptions, type Plugin } from 'esbuild';

/** By program: its main file. */
const PROGRAMS = {
  spad: 'server/main.js',
  'spa-client': 'client/main.js',
  'spa-keys': 'keys/main.js',
  knock: 'client/knock-main.js',
  fwknop: 'client/fwknop-main.js',
} as const;

/** `dist`, two folders above `dist/tools/bundle.js`. */
const DIST = fileURLToPath(new URL('..', import.meta.url));
const BIN = join(DIST, 'bin');

const COMMON = {
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  charset: 'ascii',
  legalComments: 'inline',
  logLevel: 'warning',
  write: false,
} as const satisfies BuildOptions;

const textOf = async (options: BuildOptions): Promise<string> => {
  const { outputFiles } = await runEsbuild({ ...COMMON, ...options, write: false });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('esbuild made nothing');
  return file.text;
};

/**
 * These are loaded when something of them is used. What is usual is read without commander, and computed by node:crypto;
 * of @noble the tables for AES alone would take 8 ms.
 */
const LATE = /^(commander$|@noble\/)/;

const latePackages: Plugin = {
  name: 'late-packages',
  setup(build) {
    build.onResolve({ filter: LATE }, ({ path, namespace }) =>
      namespace === 'late' ? undefined : { path, namespace: 'late' },
    );
    build.onLoad({ filter: LATE, namespace: 'late' }, async ({ path }) => {
      const names = Object.keys((await import(path)) as object);
      // Kept once it is there: esbuild's `require` copies the properties of a module each time.
      const load = `let all; const load = () => (all ??= require('${path}'));`;
      const lines = names.map((name) => `Object.defineProperty(exports, '${name}', { get: () => load().${name} });`);
      return { contents: [load, ...lines].join('\n'), resolveDir: DIST };
    });
  },
};

/** `import.meta.url` stays that of the file that it stands in: children and package.json are found from there. */
const ownAddress: Plugin = {
  name: 'own-address',
  setup(build) {
    build.onLoad({ filter: /\.js$/ }, ({ path }) => {
      if (!path.startsWith(DIST)) return undefined;
      const here = `hereOf(${JSON.stringify(relative(BIN, path))})`;
      return { contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', here) };
    });
  },
};

const bundle = async (name: string, main: string): Promise<void> => {
  const text = await textOf({
    entryPoints: [join(DIST, main)],
    // Native code stays where it is, and is loaded by those who need it.
    external: ['pcap', 'koffi'],
    // Otherwise `import('koffi')`, which a script of its own cannot resolve.
    supported: { 'dynamic-import': false },
    plugins: [latePackages, ownAddress],
    // A third of the bytes, and names, which is what stack traces need, stay.
    minifyWhitespace: true,
    minifySyntax: true,
  });
  const code = `(function (require, module, hereOf) { ${text.replace(/^#!.*\n/, '')}\n})\n`;
  // The launcher takes a byte for a letter. In literals of regular expressions esbuild leaves letters as they are.
  const strange = /[^\0-\x7f]/.exec(code);
  if (strange) throw new Error(`${name} is not ASCII: ${code.slice(strange.index - 40, strange.index + 40)}`);
  const BUILD = createHash('sha256').update(code).digest('hex').slice(0, 16);
  const launcher = await textOf({
    entryPoints: [join(DIST, 'launch/main.js')],
    define: { PROGRAM: JSON.stringify(name), BUILD: JSON.stringify(BUILD) },
    banner: { js: '#!/usr/bin/env node' },
    minifySyntax: true,
  });
  writeFileSync(join(BIN, `${name}.bundle.js`), code);
  writeFileSync(join(BIN, `${name}.cjs`), launcher);
  chmodSync(join(BIN, `${name}.cjs`), 0o755);
};

const PROFILES = `[here]\nhost = 127.0.0.1\nserver = here\nkey = ${randomBytes(32).toString('base64')}\n`;
const CONFIGURATION = `[spad]\nname = here\n\n[access here]\nkey = ${randomBytes(32).toString('base64')}\nallow = tcp/22\n`;

/**
 * Runs those that are used most once, without sending or changing anything, so that they leave what V8 has compiled. Where that
 * fails the first run of the user's does it.
 */
const warmUp = (): void => {
  const folder = mkdtempSync(join(tmpdir(), 'spad-build-'));
  const [profiles, configuration] = [join(folder, 'profiles.ini'), join(folder, 'spad.conf')];
  writeFileSync(profiles, PROFILES, { mode: 0o600 });
  writeFileSync(configuration, CONFIGURATION, { mode: 0o600 });
  const runs: readonly (readonly [string, ...string[]])[] = [
    ['spa-client', '--dry-run', '--profiles', profiles, '--access', 'tcp/22', 'here'],
    ['spa-keys', 'generate', '--server', 'here'],
    ['spad', '--check', '-c', configuration],
  ];
  for (const [name, ...words] of runs) {
    spawnSync(process.execPath, [join(BIN, `${name}.cjs`), ...words], { stdio: 'ignore', timeout: 60_000 });
  }
  rmSync(folder, { recursive: true });
};

rmSync(BIN, { recursive: true, force: true });
mkdirSync(BIN);
for (const [name, main] of Object.entries(PROGRAMS)) await bundle(name, main);
warmUp();
