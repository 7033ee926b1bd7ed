/**
 * Imports point inwards. The core decides and touches nothing; the programs touch the world and decide nothing; so a
 * change at an edge cannot reach a decision, and a decision can be tested without an edge.
 */
import { describe, expect, test } from 'vitest';
import { importsOf, packageOf, type Source, sources, under } from './sources.ts';

const CORE = [
  ...['src/base', 'src/bytes', 'src/crypto', 'src/frame', 'src/spa', 'src/spa/native', 'src/spa/fwknop', 'src/access'],
  ...['src/replay', 'src/grant', 'src/firewall', 'src/config', 'src/config/fwknop', 'src/engine', 'src/knock'],
  ...['src/knock/kernel-rules', 'src/control', 'src/host', 'src/invite', 'src/completion', 'src/stun'],
  ...['src/report', 'src/explain'],
];

/** What the files of a folder may import beside their own folder. A new folder gets a line here, and thereby a place. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'src/base': [],
  'src/completion': [],
  'src/bytes': ['src/base'],
  'src/crypto': ['src/base', 'src/bytes'],
  'src/frame': ['src/base', 'src/bytes'],
  'src/spa': ['src/base'],
  'src/spa/native': ['src/base', 'src/bytes', 'src/crypto', 'src/spa'],
  'src/spa/fwknop': ['src/base', 'src/bytes', 'src/crypto', 'src/spa'],
  'src/invite': ['src/base', 'src/bytes', 'src/crypto', 'src/spa/native'],
  'src/stun': ['src/base', 'src/bytes'],
  'src/access': ['src/base', 'src/spa', 'src/spa/fwknop', 'src/grant'],
  'src/replay': ['src/base', 'src/bytes', 'src/crypto', 'src/spa'],
  'src/grant': ['src/base'],
  'src/firewall': ['src/base', 'src/bytes', 'src/grant'],
  'src/control': ['src/base', 'src/bytes', 'src/grant'],
  'src/explain': ['src/base', 'src/report', 'src/spa'],
  'src/report': ['src/base', 'src/bytes', 'src/crypto', 'src/engine', 'src/spa'],
  'src/host': ['src/base', 'src/control', 'src/firewall'],
  'src/knock': ['src/base', 'src/bytes', 'src/crypto'],
  'src/knock/kernel-rules': ['src/base', 'src/config', 'src/firewall', 'src/knock'],
  'src/config': [
    ...['src/base', 'src/bytes', 'src/crypto', 'src/access', 'src/spa/native', 'src/spa/fwknop', 'src/knock'],
    ...['src/config/fwknop', 'src/spa', 'src/firewall'],
  ],
  'src/config/fwknop': ['src/base', 'src/bytes', 'src/crypto', 'src/access', 'src/spa/fwknop', 'src/config'],
  'src/engine': [
    ...[
      'src/base',
      'src/bytes',
      'src/frame',
      'src/spa',
      'src/spa/native',
      'src/spa/fwknop',
      'src/access',
      'src/replay',
    ],
    ...['src/crypto', 'src/grant', 'src/firewall', 'src/knock', 'src/control'],
  ],
  platform: ['src/crypto'],
  server: [
    'platform',
    ...[...CORE, 'server/firewall', 'server/log', 'server/process', 'server/store', 'server/receiver', 'keys'],
    ...[
      'server/knockd',
      'server/fwknop',
      'server/control',
      'server/host',
      'server/sieve',
      'server/report',
      'server/explain',
    ],
  ],
  'server/sieve': [
    'platform',
    ...['src/base', 'src/bytes', 'src/engine', 'src/firewall', 'src/spa/native', 'server/firewall', 'server/log'],
  ],
  'server/firewall': [
    ...['src/base', 'src/bytes', 'src/control', 'src/grant', 'src/firewall', 'server/log', 'server/process'],
    'server/store',
  ],
  'server/host': [
    ...['src/base', 'src/config', 'src/control', 'src/engine', 'src/firewall', 'src/host', 'server/control'],
    ...['server', 'server/firewall', 'server/process'],
  ],
  'server/explain': [
    ...[
      'platform',
      'src/base',
      'src/bytes',
      'src/config',
      'src/engine',
      'src/explain',
      'src/frame',
      'src/knock',
      'src/replay',
    ],
    ...['src/spa', 'src/spa/native', 'server', 'server/knockd', 'server/receiver', 'server/store'],
  ],
  'server/report': ['src/base', 'src/config', 'src/report', 'server', 'keys'],
  'server/log': ['src/base', 'src/config', 'src/control', 'src/engine', 'server/process'],
  'server/process': ['src/base', 'src/control'],
  'server/knockd': [
    ...['src/base', 'src/bytes', 'src/config', 'src/engine', 'src/knock', 'server', 'server/log', 'server/process'],
    'server/store',
  ],
  'server/receiver': [
    'platform',
    ...['src/base', 'src/bytes', 'src/frame', 'src/spa', 'src/spa/native', 'src/spa/fwknop', 'src/engine', 'src/knock'],
  ],
  'server/fwknop': [
    ...['src/base', 'src/bytes', 'src/crypto', 'src/spa', 'src/spa/fwknop', 'src/access', 'src/config', 'src/engine'],
    ...[
      'src/config/fwknop',
      'src/replay',
      'src/knock',
      'server',
      'server/log',
      'server/process',
      'server/store',
      'keys',
    ],
    'server/knockd',
  ],
  'server/store': ['src/base', 'src/bytes', 'src/replay', 'src/grant', 'server/log'],
  'server/control': ['src/base', 'src/control', 'src/engine', 'src/grant', 'server/process'],
  client: [
    'platform',
    ...['src/base', 'src/bytes', 'src/crypto', 'src/spa', 'src/spa/native', 'src/spa/fwknop', 'src/config', 'keys'],
    ...['src/config/fwknop', 'client/knock', 'client/fwknop', 'client/join', 'client/session'],
    ...['client/install-ssh', 'client/completion', 'src/completion', 'client/address'],
  ],
  'client/completion': [
    ...['src/completion', 'src/config', 'src/config/fwknop', 'client', 'client/fwknop', 'client/knock', 'keys'],
    'client/session',
  ],
  'client/fwknop': [
    ...['src/base', 'src/bytes', 'src/crypto', 'src/spa', 'src/spa/fwknop', 'src/config', 'src/config/fwknop', 'keys'],
    'client',
  ],
  'client/install-ssh': ['src/base', 'client', 'keys'],
  'client/session': ['platform', 'src/base', 'src/config', 'src/spa/native', 'client', 'keys'],
  'client/address': ['src/base', 'src/config', 'src/spa/native', 'src/stun', 'client', 'keys'],
  'client/join': ['src/base', 'src/config', 'src/invite', 'client', 'keys'],
  'client/knock': ['src/base', 'src/crypto', 'src/config', 'src/knock', 'client', 'keys'],
  keys: [
    ...[
      'src/base',
      'src/completion',
      'src/invite',
      'src/bytes',
      'src/crypto',
      'src/access',
      'src/spa/native',
      'src/spa/fwknop',
      'src/config',
      'src/config/fwknop',
    ],
  ],
  launch: [],
  tools: [],
  bench: [...CORE, 'bench/*', 'demo', 'test/support'],
  'bench/*': [
    ...CORE,
    'platform',
    'server/receiver',
    'bench',
    'bench/*',
    'demo',
    'test/support',
    'server',
    'server/firewall',
  ],
  demo: ['src/base', 'test/support'],
  'test/support': CORE,
};

/** Packages from elsewhere, each behind one door. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  '@noble/ciphers': ['src/crypto'],
  '@noble/hashes': ['src/crypto'],
  ini: ['src/config'],
  koffi: ['server/firewall', 'server/log', 'server/process', 'server/receiver', 'client/fwknop'],
  pcap: ['server/receiver'],
  commander: [
    'server',
    'server/explain',
    'server/report',
    'client',
    'client/completion',
    'client/install-ssh',
    'client/join',
    'keys',
    'bench',
    'tools',
  ],
  esbuild: ['tools'],
  typescript: ['tools'],
  uqr: ['keys'],
};

/** The only files that start other programs; tests, the demo and the benches aside. */
const MAY_SPAWN = [
  'server/process/run.ts',
  'server/receiver-host.ts',
  'client/fwknop/gpg.ts',
  'client/session/child.ts',
];

const programs = under(
  'src',
  'server',
  'client',
  'keys',
  'platform',
  'launch',
  'tools',
  'bench',
  'demo',
  'test/support',
);

/** The line of the table that is about `folder`: its own, or `parent/*` of one of those above. */
const rowOf = (folder: string): string | undefined => {
  if (MAY_IMPORT[folder] !== undefined) return folder;
  const rows = Object.keys(MAY_IMPORT).filter((row) => row.endsWith('/*') && folder.startsWith(row.slice(0, -1)));
  return rows[0];
};

describe('direction', () => {
  test('every folder has a line in the table', () => {
    const folders = [...new Set(programs.map((source) => source.folder))];
    expect(
      folders.filter((folder) => rowOf(folder) === undefined),
      'a new folder needs a line in MAY_IMPORT: decide what it may lean on before it leans on everything',
    ).toEqual([]);
  });

  test('every folder imports only what its line allows', () => {
    const wrong = programs.flatMap((source) => {
      const row = rowOf(source.folder) ?? '';
      return importsOf(source).flatMap(({ file, line }) => {
        const folder = file?.slice(0, file.lastIndexOf('/'));
        if (folder === undefined || folder === source.folder) return [];
        const allowed = (MAY_IMPORT[row] ?? []).includes(rowOf(folder) ?? folder);
        return allowed ? [] : [`${source.path}:${String(line)} imports ${folder}`];
      });
    });
    expect(wrong, 'imports point inwards: move the code, or pass what it needs as an argument').toEqual([]);
  });

  test('server and client never meet', () => {
    const sideOf = (path: string): string => path.split('/')[0] ?? '';
    const wrong = under('server', 'client', 'keys').flatMap((source) =>
      importsOf(source)
        .map(({ file }) => sideOf(file ?? ''))
        .filter((side) => ['server', 'client'].includes(side) && side !== sideOf(source.path))
        .map((side) => `${source.path} imports ${side}`),
    );
    expect(wrong, 'what both need is domain (src) or keys').toEqual([]);
  });

  test('every import is found: relative ones end in .ts and exist', () => {
    const known = new Set(sources.map((source) => source.path));
    const wrong = programs.flatMap((source) =>
      importsOf(source)
        .filter(({ file }) => file !== undefined && !known.has(file) && !file.endsWith('.json'))
        .map(({ name, line }) => `${source.path}:${String(line)} ${name}`),
    );
    expect(wrong).toEqual([]);
  });
});

describe('packages', () => {
  test('each comes in through its own door', () => {
    const wrong = programs.flatMap((source) =>
      importsOf(source).flatMap(({ name, file, line }) => {
        if (file !== undefined || name.startsWith('node:')) return [];
        const doors = MAY_USE[packageOf(name)] ?? [];
        return doors.includes(source.folder) ? [] : [`${source.path}:${String(line)} imports ${name}`];
      }),
    );
    expect(wrong, 'one folder knows a package, so that it can be replaced there').toEqual([]);
  });

  test('the core imports nothing of Node: bytes, time and chance come as arguments', () => {
    const wrong = under('src').flatMap((source) =>
      importsOf(source)
        .filter(({ name }) => name.startsWith('node:'))
        .map(({ name, line }) => `${source.path}:${String(line)} imports ${name}`),
    );
    expect(wrong).toEqual([]);
  });

  test('other programs are started in one place', () => {
    const wrong = under('src', 'server', 'client', 'keys', 'platform')
      .filter((source) => !MAY_SPAWN.includes(source.path))
      .flatMap((source) =>
        importsOf(source)
          .filter(({ name }) => name === 'node:child_process' || name === 'node:cluster')
          .map(({ line }) => `${source.path}:${String(line)}`),
      );
    expect(wrong, 'plan an argument vector and give it to server/process/run.ts').toEqual([]);
  });
});

describe('the graph', () => {
  const byPath = new Map(programs.map((source) => [source.path, source]));
  const next = (source: Source, types = true): Source[] =>
    importsOf(source)
      .filter(({ isType }) => types || !isType)
      .map(({ file }) => byPath.get(file ?? ''))
      .filter((found) => found !== undefined);

  /** What is loaded where `from` runs. */
  const reachable = (from: string): string[] => {
    const seen = new Set<string>();
    const visitFrom = (source: Source): void => {
      if (seen.has(source.path)) return;
      seen.add(source.path);
      for (const target of next(source, false)) visitFrom(target);
    };
    const start = byPath.get(from);
    if (start !== undefined) visitFrom(start);
    return [...seen];
  };

  test('has no cycle', () => {
    const done = new Set<string>();
    const cycles: string[] = [];
    const search = (source: Source, road: readonly string[]): void => {
      const at = road.indexOf(source.path);
      if (at >= 0) cycles.push([...road.slice(at), source.path].join(' > '));
      if (at >= 0 || done.has(source.path)) return;
      for (const target of next(source)) search(target, [...road, source.path]);
      done.add(source.path);
    };
    for (const source of programs) search(source, []);
    expect(cycles, 'two files that need each other are one file, or a third one is missing').toEqual([]);
  });

  test('the receiver, which meets hostile bytes, reaches no policy, file or firewall', () => {
    const reached = reachable('server/receiver/main.ts');
    expect(reached.length, 'server/receiver/main.ts').toBeGreaterThan(1);
    const rooms = ['src/config/', 'src/access/', 'src/replay/', 'src/grant/', 'src/firewall/', 'server/store/'];
    const wrong = reached.filter((path) =>
      [...rooms, 'server/firewall/', 'keys/'].some((room) => path.startsWith(room)),
    );
    expect(wrong).toEqual([]);
  });
});
