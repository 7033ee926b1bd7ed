/**
 * `npm run package`: build/spad_VERSION_ARCH.deb, for Debian 12 or newer, with the Node.js that this runs on. The same sources,
 * packages and Node.js give the same bytes. Called after `npm run build`.
 *
 *     node dist/tools/package.js [--fast] [--to FOLDER]
 *
 * `--fast` compresses with zstd, in a few seconds instead of a minute, to a third more.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { libraryDependencies, refuseSharedNode } from './deb-libraries.ts';
import { fillTree, installedSize, nativeFiles, settle } from './deb-tree.ts';

/** Two folders above `dist/tools/package.js`. */
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const CONTROL = ['conffiles', 'postinst', 'prerm', 'postrm'];

const ask = (command: string, args: readonly string[]): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: REPOSITORY });
  if (error !== undefined) throw new Error(`${command} cannot be run: ${error.message}`);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
  return stdout.trim();
};

/** Unix time in seconds: SOURCE_DATE_EPOCH (reproducible-builds.org), else that of the last commit. */
const sourceTime = (): number => {
  const told = process.env['SOURCE_DATE_EPOCH'] ?? ask('git', ['log', '-1', '--format=%ct']);
  if (!/^\d{1,12}$/.test(told)) throw new Error(`SOURCE_DATE_EPOCH is "${told}", which is no Unix time in seconds`);
  return Number(told);
};

/** Writes DEBIAN/control and what goes with it. */
const writeControl = (root: string, version: string, architecture: string): void => {
  const values: Readonly<Record<string, string>> = {
    VERSION: version,
    ARCH: architecture,
    SIZE: String(installedSize(root)),
    LIBRARIES: libraryDependencies(nativeFiles(root)),
  };
  const template = readFileSync(join(REPOSITORY, 'packaging/debian/control'), 'utf8');
  mkdirSync(join(root, 'DEBIAN'));
  writeFileSync(
    join(root, 'DEBIAN/control'),
    template.replace(/@([A-Z]+)@/g, (_, name: string) => values[name] ?? ''),
  );
  for (const name of CONTROL) cpSync(join(REPOSITORY, 'packaging/debian', name), join(root, 'DEBIAN', name));
};

const main = (): void => {
  const { values } = parseArgs({ options: { fast: { type: 'boolean' }, to: { type: 'string' } } });
  const folder = values.to === undefined ? join(REPOSITORY, 'build') : resolve(values.to);
  const manifest = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
  const node = realpathSync(process.execPath);
  refuseSharedNode(node);
  const [time, architecture] = [sourceTime(), ask('dpkg', ['--print-architecture'])];
  const deb = join(folder, `spad_${manifest.version}_${architecture}.deb`);
  const root = mkdtempSync(join(tmpdir(), 'spad-package-'));
  try {
    fillTree(root, REPOSITORY, node);
    writeControl(root, manifest.version, architecture);
    settle(root, time);
    mkdirSync(folder, { recursive: true });
    const how = values.fast === true ? ['-Zzstd', '-z3'] : ['-Zxz', '-z6'];
    process.env['SOURCE_DATE_EPOCH'] = String(time);
    ask('dpkg-deb', ['--root-owner-group', ...how, '--build', root, deb]);
  } finally {
    rmSync(root, { recursive: true });
  }
  process.stdout.write(`${deb}: ${(statSync(deb).size / 1e6).toFixed(1)} MB\n`);
};

main();
