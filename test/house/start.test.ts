/** What a start costs is what it loads (docs/decisions/0012-cold-start.md). */
import { expect, test } from 'vitest';
import { importsOf, type Source, sources } from './sources.ts';

/** The files that are loaded before `path` runs, itself among them. */
const loadedWith = (path: string): ReadonlySet<string> => {
  const known = new Map<string, Source>(sources.map((source) => [source.path, source]));
  const loaded = new Set<string>();
  const load = (file: string): void => {
    const source = known.get(file);
    if (source === undefined || loaded.has(file)) return;
    loaded.add(file);
    for (const one of importsOf(source)) if (!one.isType && !one.isLate && one.file !== undefined) load(one.file);
  };
  load(path);
  return loaded;
};

/** What other commands, and rare options, are made of. */
const OF_OTHERS = [
  ...['client/session', 'client/join', 'client/install-ssh', 'client/completion', 'client/knock', 'client/fwknop'],
  ...['src/stun', 'src/completion', 'src/invite', 'src/knock', 'src/spa/fwknop'],
  ...['client/address/find.ts', 'client/address/ask-', 'client/library.ts'],
];

test('each of them is still there', () => {
  const gone = OF_OTHERS.filter((other) => !sources.some(({ path }) => path.startsWith(other)));
  expect(gone).toEqual([]);
});

test('spa-client HOST loads nothing that only another command needs', () => {
  const loaded = [...loadedWith('client/main.ts')];
  expect(loaded).toContain('client/ask.ts');
  expect(
    loaded.filter((path) => OF_OTHERS.some((other) => path.startsWith(other))),
    'load it by import() where it is needed, or move the little that is needed always',
  ).toEqual([]);
});
