/** The programs as they are installed: one file each, started by a launcher, with V8's code cache. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { builtFile, repositoryRoot } from '../support/paths.ts';

const NOBODY = 65_534;
const PROFILE = `[here]\nhost = 127.0.0.1\nserver = gw1\nkey = ${Buffer.alloc(32, 'key').toString('base64')}\n`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-bundle-'));
  chmodSync(folder, 0o755);
  for (const [name, uid] of [
    ['root', 0],
    ['nobody', NOBODY],
  ] as const) {
    const profiles = join(folder, name, '.config/spa/profiles.ini');
    mkdirSync(join(profiles, '..'), { recursive: true });
    writeFileSync(profiles, PROFILE, { mode: 0o600 });
    // Else fwknop's client makes one, and says so.
    writeFileSync(join(folder, name, '.fwknoprc'), '', { mode: 0o600 });
    for (const path of [profiles, join(folder, name)]) chownSync(path, uid, uid);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (
  file: string,
  words: readonly string[],
  flags: readonly string[] = [],
  user: 'root' | 'nobody' = 'root',
): Ended => {
  const identity = user === 'root' ? {} : { uid: NOBODY, gid: NOBODY };
  const env = { HOME: join(folder, user), PATH: process.env['PATH'] };
  const args = [...flags, file, ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    cwd: '/',
    env,
    ...identity,
  });
  return { status, stdout, stderr };
};

/** By command: the file that `tsc` wrote. */
const PLAIN = {
  spad: 'server/main.js',
  'spa-client': 'client/main.js',
  'spa-keys': 'keys/main.js',
  knock: 'client/knock-main.js',
  fwknop: 'client/fwknop-main.js',
} as const;
const LINES: Readonly<Record<keyof typeof PLAIN, readonly string[]>> = {
  spad: ['--help', '--version', '--no-such-option', '--check -c /no/such/file', 'status --state-dir /no/such'],
  'spa-client': [
    '--help',
    '-V',
    '',
    '--acess tcp/22 gw1',
    '-A tcp/99999 gw1',
    'no-such-profile',
    '--code - a b',
    'knock -h',
  ],
  'spa-keys': ['--help', '--version', 'shwo', 'show', 'list /no/such/file'],
  knock: ['-h', '-V', '', '--no-such-option', 'host'],
  fwknop: ['-h', '-V', '', '--no-such-option', '-A tcp/22 -R -D 127.0.0.1 -T'],
};

describe('a bundle says what the program says that it was made of', () => {
  for (const name of Object.keys(PLAIN) as (keyof typeof PLAIN)[]) {
    test.each(LINES[name])(`${name} %s`, (line) => {
      const words = line === '' ? [] : line.split(' ');
      const bundled = run(builtFile(`bin/${name}.cjs`), words);
      expect(bundled).toEqual(run(builtFile(PLAIN[name]), words));
      expect(bundled.stdout + bundled.stderr).not.toBe('');
    });
  }

  test('package.json names the bundles', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(repositoryRoot(), 'package.json'), 'utf8'));
    const bins = Object.fromEntries(Object.keys(PLAIN).map((name) => [name, `dist/bin/${name}.cjs`]));
    expect(manifest).toMatchObject({ bin: bins });
  });
});

const DRY_RUN = ['--dry-run', '--access', 'tcp/22', 'here'];
const dryRun = (file: string, flags: readonly string[] = [], user: 'root' | 'nobody' = 'root'): void => {
  const { status, stdout, stderr } = run(file, DRY_RUN, flags, user);
  expect({ status, stderr: stderr.replace(/^note: .*\n/, '') }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('would send 176 bytes to 127.0.0.1:62201');
};

test('to ask, the client loads no file but its own, and nothing of Node that only its other ways need', () => {
  const spy = join(folder, 'spy.cjs');
  const seen = join(folder, 'seen.json');
  const text = `JSON.stringify({ files: Object.keys(require.cache), modules: process.moduleLoadList })`;
  writeFileSync(spy, `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(seen)}, ${text}));`);
  const file = builtFile('bin/spa-client.cjs');
  dryRun(file, ['--require', spy]);
  const { files, modules } = JSON.parse(readFileSync(seen, 'utf8')) as Record<'files' | 'modules', string[]>;
  expect(files.sort()).toEqual([file, spy].sort());
  // HTTP, terminals and sleeping are fwknop's and knock's, looking up is for names, zlib and tty of nobody.
  const strange = modules.filter((name) =>
    /^NativeModule (http|https|tls|zlib|tty|readline|dns\/promises|timers\/promises)$/.test(name),
  );
  expect(strange).toEqual([]);
  expect(modules).toContain('NativeModule dgram');
});

describe('what is loaded late', () => {
  /** A client that ends with an error where it loads this module of @noble. */
  const clientWithout = (path: string): string => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    cpSync(builtFile('bin'), bin, { recursive: true, filter: (file) => !file.endsWith('.cache') });
    const bundle = join(bin, 'spa-client.bundle.js');
    const start = `"node_modules/@noble/${path}"(){`;
    const text = readFileSync(bundle, 'latin1');
    expect(text).toContain(start);
    writeFileSync(bundle, text.replace(start, `${start}throw new Error("loaded too early");`));
    return join(bin, 'spa-client.cjs');
  };

  test.each(['ciphers/aes.js', 'hashes/sha2.js', 'hashes/legacy.js', 'hashes/sha3.js'])(
    '%s, for what is usual',
    (path) => {
      expect(run(clientWithout(path), ['--dry-run', '--access', 'tcp/22', 'here']).status).toBe(0);
    },
  );

  test('HChaCha20 is what a packet needs of it', () => {
    const { status, stderr } = run(clientWithout('ciphers/chacha.js'), ['--dry-run', '--access', 'tcp/22', 'here']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('loaded too early');
  });
});

describe('the code cache', () => {
  let bin = '';
  let client = '';
  beforeEach(() => {
    bin = mkdtempSync(join(folder, 'bin-'));
    chmodSync(bin, 0o755);
    cpSync(builtFile('bin'), bin, { recursive: true, filter: (path) => !path.endsWith('.cache') });
    client = join(bin, 'spa-client.cjs');
  });
  const caches = (place = bin): string[] => readdirSync(place).filter((name) => name.endsWith('.cache'));
  const only = (): string => join(bin, caches()[0] ?? 'none');

  test('is left by a run that asks, not by one that is asked for help or fails, and then kept', () => {
    run(client, ['--help']);
    run(client, ['nobody-knows-this']);
    expect(caches()).toEqual([]);
    dryRun(client);
    expect(caches()).toHaveLength(1);
    const { ino } = statSync(only());
    dryRun(client);
    expect(statSync(only()).ino).toBe(ino);
  });

  test('does no harm when it is spoilt, and is made anew', () => {
    dryRun(client);
    const good = readFileSync(only());
    const spoilt = [good.subarray(0, 1000), Buffer.alloc(0), Buffer.alloc(good.length), Buffer.alloc(good.length, 'x')];
    for (const at of [8, good.length / 4, good.length / 2 + 8, good.length - 9]) {
      const flipped = Buffer.from(good);
      flipped.writeUInt32LE(~flipped.readUInt32LE(Math.floor(at)) >>> 0, Math.floor(at));
      spoilt.push(flipped);
    }
    for (const bytes of spoilt) {
      writeFileSync(only(), bytes);
      const { ino } = statSync(only());
      dryRun(client);
      expect(statSync(only()).ino).not.toBe(ino);
    }
  });

  test('of other flags is not used, and stays', () => {
    dryRun(client);
    const { ino } = statSync(only());
    dryRun(client, ['--no-opt']);
    expect(statSync(only()).ino).toBe(ino);
  });

  test("of a user who may not write beside the program is in that user's folder", () => {
    chmodSync(bin, 0o755);
    const own = join(folder, 'nobody/.cache/spad');
    dryRun(client, [], 'nobody');
    expect(caches()).toEqual([]);
    expect(caches(own)).toHaveLength(1);
    expect(statSync(own).mode & 0o777).toBe(0o700);
  });
});
