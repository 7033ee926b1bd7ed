/** What root lays down for the daemon's own user: the group `spad` may read it, and nothing more. */
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { rewriteSecretFile } from '../../../keys/ring-file.ts';
import { openSecretFile, readSecretFile } from '../../../keys/safe-file.ts';
import { numberOfGroup } from '../../../keys/service-group.ts';
import { temporaryFolder } from './folder.ts';

const GROUP = 4321;
vi.mock(import('../../../keys/service-group.ts'), async (original) => ({
  ...(await original()),
  serviceGroup: () => GROUP,
}));

test('the group is that of its name, where there is one', () => {
  const file = 'root:x:0:\nspade:x:7:\nspad:x:998:bob\n';
  expect(numberOfGroup('spad', file)).toBe(998);
  expect(numberOfGroup('spad', 'root:x:0:\nspade:x:7:\n')).toBeUndefined();
  for (const row of ['spad:x:0:', 'spad:x::', 'spad:x:-1:', 'spad:x:two:', 'spad']) {
    expect(numberOfGroup('spad', `${row}\n`), row).toBeUndefined();
  }
});

/** Only root can make files of others. */
const asRoot = test.runIf(process.geteuid?.() === 0);

let folder = '';
beforeEach(() => {
  folder = join(temporaryFolder(), 'etc');
  mkdirSync(folder);
});

const fileOf = (uid: number, gid: number, mode: number): string => {
  const path = join(folder, 'file');
  writeFileSync(path, 'text');
  chownSync(path, uid, gid);
  chmodSync(path, mode);
  return path;
};

asRoot('root’s file may be read by the group, and is rewritten as it was', () => {
  const path = fileOf(0, GROUP, 0o640);
  expect(readSecretFile(path)).toBe('text');
  rewriteSecretFile(path, 'new', openSecretFile(path));
  expect(statSync(path)).toMatchObject({ uid: 0, gid: GROUP });
  expect(statSync(path).mode & 0o7777).toBe(0o640);
});

asRoot.each([
  ['another group', 0, GROUP + 1, 0o640, 'is readable by others (mode 0640)'],
  ['writing', 0, GROUP, 0o660, 'is readable by others (mode 0660)'],
  ['others', 0, GROUP, 0o644, 'is readable by others (mode 0644)'],
  ['running', 0, GROUP, 0o650, 'is readable by others (mode 0650)'],
  ['somebody’s file', 1234, GROUP, 0o640, 'belongs to uid 1234'],
])('and nothing more: %s', (_, uid, gid, mode, complaint) => {
  expect(() => readSecretFile(fileOf(uid, gid, mode))).toThrow(complaint);
});

asRoot.each([
  ['a folder that the group may read', 0, GROUP, 0o750, 0o640, GROUP],
  ['a folder that it may only pass through', 0, GROUP, 0o710, 0o600, 0],
  ['another group’s folder', 0, GROUP + 1, 0o750, 0o600, 0],
  ['somebody’s folder', 1234, GROUP, 0o750, 0o600, 0],
])('a new file in %s', (_, uid, gid, mode, expectedMode, expectedGroup) => {
  chownSync(folder, uid, gid);
  chmodSync(folder, mode);
  const path = join(folder, 'new');
  rewriteSecretFile(path, 'text', undefined);
  expect(statSync(path)).toMatchObject({ uid: 0, gid: expectedGroup });
  expect(statSync(path).mode & 0o7777).toBe(expectedMode);
});
