/** What is in the Debian package, and where. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { askNpm, formatBill } from './bill.ts';

/** knock and fwknop stay with the packages knockd and fwknop-client, which own these names; `spa-client knock` is ours. */
const COMMANDS = ['spad', 'spa-client', 'spa-keys'];
const LIBRARY = 'usr/lib/spad';
const DOC = 'usr/share/doc/spad';
const SHEBANG = /^#!\/usr\/bin\/env node\n/;

/** Where a Node.js has its licence: beside an unpacked archive of nodejs.org, or as NodeSource's package. */
const LICENCES = ['LICENSE', 'share/doc/nodejs/LICENSE', 'share/doc/nodejs/copyright', 'share/doc/node/LICENSE'];

const copyNode = (root: string, node: string): void => {
  const target = join(root, LIBRARY, 'node');
  copyFileSync(node, target);
  // Its symbols are a tenth of it, and nobody debugs it here. What addons are linked with stays.
  spawnSync('strip', [target], { stdio: 'ignore' });
  const prefix = dirname(dirname(node));
  const licence = LICENCES.map((name) => join(prefix, name)).find(existsSync);
  if (licence === undefined) throw new Error(`the licence of ${node} is not to be found under ${prefix}`);
  writeZipped(join(root, DOC, 'node-LICENSE'), readFileSync(licence));
};

const writeZipped = (path: string, bytes: Uint8Array): void =>
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: 9 }));

const copyPrograms = (root: string, from: string): void => {
  const wanted = new RegExp(
    `^bin/(?:${COMMANDS.join('|')})\\.(?:cjs|bundle\\.js)$|^(?:src|server|keys|platform)/.*\\.js$`,
  );
  copyWanted(join(from, 'dist'), join(root, LIBRARY, 'dist'), (path) => wanted.test(path));
  copyFileSync(join(from, 'package.json'), join(root, LIBRARY, 'package.json'));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  for (const name of COMMANDS) {
    const launcher = join(root, LIBRARY, `dist/bin/${name}.cjs`);
    const text = readFileSync(launcher, 'utf8');
    if (!SHEBANG.test(text)) throw new Error(`${basename(launcher)} does not begin with ${String(SHEBANG)}`);
    writeFileSync(launcher, text.replace(SHEBANG, `#!/${LIBRARY}/node\n`));
    symlinkSync(`../lib/spad/dist/bin/${name}.cjs`, join(root, 'usr/bin', name));
  }
};

/** The npm packages that are shipped. Of the rest of the run-time tree nothing runs: headers and types for building `pcap`. */
const shippedModules = (from: string): readonly string[] => {
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as { dependencies: object };
  return [...Object.keys(manifest.dependencies), `@koromix/koffi-linux-${process.arch}`].sort();
};

/** Of the packages, what runs, and their licences: no sources, types, tests or other machines' binaries. */
const copyModules = (root: string, from: string): void => {
  const native = `linux_${process.arch}/koffi.node`;
  for (const name of shippedModules(from)) {
    copyWanted(join(from, 'node_modules', name), join(root, LIBRARY, 'node_modules', name), (path) => {
      if (path.endsWith('.node')) return path === native || path === 'build/Release/pcap_binding.node';
      if (/^(?:spec|examples|docs?|vendor|typings|node_modules|build)\//.test(path)) return false;
      return /\.[cm]?js$|\.json$|^licen[cs]e[^/]*$/i.test(path);
    });
  }
};

/** Copies the files whose paths from `from` on are `wanted`, with their folders. */
const copyWanted = (from: string, to: string, wanted: (path: string) => boolean): void => {
  for (const path of filesUnder(from).filter(wanted)) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    copyFileSync(join(from, path), join(to, path));
  }
};

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();

/** Not another one that comes earlier in somebody's PATH. */
const withOwnPath = (unit: string): string => unit.replaceAll('/usr/bin/env spad', '/usr/bin/spad');

const copyUnits = (root: string, from: string): void => {
  const units = join(root, 'usr/lib/systemd/system');
  mkdirSync(units, { recursive: true });
  for (const name of readdirSync(join(from, 'packaging/systemd'))) {
    const text = readFileSync(join(from, 'packaging/systemd', name), 'utf8');
    writeFileSync(join(units, name), withOwnPath(text));
  }
};

const copyPages = (root: string, from: string): void => {
  for (const name of readdirSync(join(from, 'packaging/man'))) {
    const folder = join(root, `usr/share/man/man${name.slice(-1)}`);
    mkdirSync(folder, { recursive: true });
    writeZipped(join(folder, name), readFileSync(join(from, 'packaging/man', name)));
  }
  const doc = join(root, DOC);
  cpSync(join(from, 'docs'), join(doc, 'docs'), { recursive: true });
  for (const name of ['README.md', 'SECURITY.md']) copyFileSync(join(from, name), join(doc, name));
  writeZipped(join(doc, 'changelog'), readFileSync(join(from, 'CHANGELOG.md')));
  copyFileSync(join(from, 'packaging/debian/copyright'), join(doc, 'copyright'));
  mkdirSync(join(doc, 'examples'));
  copyFileSync(join(from, 'packaging/spad.conf.example'), join(doc, 'examples/spad.conf'));
  const dropIn = readFileSync(join(from, 'packaging/own-user.conf'), 'utf8');
  writeFileSync(join(doc, 'examples/own-user.conf'), withOwnPath(dropIn));
  cpSync(join(from, 'packaging/fail2ban'), join(doc, 'examples/fail2ban'), { recursive: true });
};

/** The Node.js that runs this is the one that is shipped. */
const writeBill = (root: string, from: string): void => {
  const shipment = { packages: shippedModules(from), node: process.versions.node };
  writeFileSync(join(root, DOC, 'sbom.cdx.json'), formatBill(askNpm(from), shipment));
};

/** By shell: where it looks for the completions of other packages, and what it calls those of a program. */
const COMPLETIONS = {
  bash: { folder: 'usr/share/bash-completion/completions', file: (name: string) => name },
  zsh: { folder: 'usr/share/zsh/vendor-completions', file: (name: string) => `_${name}` },
  fish: { folder: 'usr/share/fish/vendor_completions.d', file: (name: string) => `${name}.fish` },
} as const;

const writeCompletions = (root: string, from: string): void => {
  for (const [shell, { folder, file }] of Object.entries(COMPLETIONS)) {
    mkdirSync(join(root, folder), { recursive: true });
    for (const name of COMMANDS) {
      const words = [join(from, `dist/bin/${name}.cjs`), 'completion', shell];
      const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
      if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
      writeFileSync(join(root, folder, file(name)), stdout);
    }
  }
};

const copySettings = (root: string, from: string): void => {
  mkdirSync(join(root, 'etc/spad'), { recursive: true });
  mkdirSync(join(root, 'etc/logrotate.d'));
  copyFileSync(join(from, 'packaging/spad.logrotate'), join(root, 'etc/logrotate.d/spad'));
};

/** Fills `root` with all files of the package but its control files; `from` is the built repository. */
export const fillTree = (root: string, from: string, node: string): void => {
  mkdirSync(join(root, LIBRARY), { recursive: true });
  mkdirSync(join(root, DOC), { recursive: true });
  copyNode(root, node);
  copyPrograms(root, from);
  copyModules(root, from);
  copyUnits(root, from);
  copyPages(root, from);
  writeBill(root, from);
  writeCompletions(root, from);
  copySettings(root, from);
};

/** The native code in a tree. */
export const nativeFiles = (root: string): readonly string[] => [
  join(root, LIBRARY, 'node'),
  ...filesUnder(join(root, LIBRARY, 'node_modules'))
    .filter((path) => path.endsWith('.node'))
    .map((path) => join(root, LIBRARY, 'node_modules', path)),
];

const isRun = (path: string): boolean =>
  path === `${LIBRARY}/node` || /^usr\/lib\/spad\/dist\/bin\/.*\.cjs$|^DEBIAN\/(?:pre|post)(?:inst|rm)$/.test(path);

/** Whatever the umask and the clock were: the same modes and times (Unix time in seconds). */
export const settle = (root: string, time: number): void => {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  for (const entry of [...entries].reverse()) {
    const path = join(entry.parentPath, entry.name);
    const name = relative(root, path);
    if (entry.isDirectory()) chmodSync(path, name === 'etc/spad' ? 0o700 : 0o755);
    else if (entry.isFile()) chmodSync(path, isRun(name) ? 0o755 : 0o644);
    lutimesSync(path, time, time);
  }
  chmodSync(root, 0o755);
  lutimesSync(root, time, time);
};

/** As dpkg counts: kibibytes, each file and each folder rounded up. */
export const installedSize = (root: string): number =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => (entry.isFile() ? Math.ceil(statSync(join(entry.parentPath, entry.name)).size / 1024) : 1))
    .reduce((sum, size) => sum + size, 0);
