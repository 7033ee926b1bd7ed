import {
  chmodSync,
  chownSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { rewriteSecretFile, stageSecretFile } from '../../../keys/ring-file.ts';
import { openSecretFile } from '../../../keys/safe-file.ts';
import { temporaryFolder } from './folder.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

test('a new file has mode 0600, its new folders 0700', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a', 'b', 'file');
  rewriteSecretFile(path, 'text', undefined);
  expect(readFileSync(path, 'utf8')).toBe('text');
  expect([modeOf(path), modeOf(join(folder, 'a')), modeOf(join(folder, 'a', 'b'))]).toEqual([0o600, 0o700, 0o700]);
  expect(readdirSync(join(folder, 'a', 'b'))).toEqual(['file']);
});

test('a file that was there keeps its mode', () => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, 'old');
  chmodSync(path, 0o400);
  rewriteSecretFile(path, 'new', openSecretFile(path));
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(modeOf(path)).toBe(0o400);
});

test.runIf(process.geteuid?.() === 0)('and its group', () => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, 'old', { mode: 0o600 });
  chownSync(path, 0, 4321);
  rewriteSecretFile(path, 'new', openSecretFile(path));
  expect(statSync(path).gid).toBe(4321);
});

test('nothing is replaced that changed since it was read', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'file');
  writeFileSync(path, 'old', { mode: 0o600 });
  const before = openSecretFile(path);
  writeFileSync(join(folder, 'other'), 'theirs', { mode: 0o600 });
  renameSync(join(folder, 'other'), path);
  expect(() => rewriteSecretFile(path, 'new', before)).toThrow('changed by another program');
  expect(readFileSync(path, 'utf8')).toBe('theirs');
  expect(readdirSync(folder)).toEqual(['file']);
});

test('a file that appeared in the meantime is not replaced, nor is a link followed', () => {
  const folder = temporaryFolder();
  const staged = stageSecretFile(join(folder, 'file'), 'mine', undefined);
  writeFileSync(join(folder, 'file'), 'theirs');
  expect(() => staged.commit()).toThrow('changed by another program');
  symlinkSync(join(folder, 'target'), join(folder, 'link'));
  expect(() => rewriteSecretFile(join(folder, 'link'), 'mine', undefined)).toThrow('changed by another program');
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('theirs');
  expect(readdirSync(folder).sort()).toEqual(['file', 'link']);
});

test('abandoning leaves nothing', () => {
  const folder = temporaryFolder();
  stageSecretFile(join(folder, 'file'), 'x', undefined).abandon();
  expect(readdirSync(folder)).toEqual([]);
});

test('a place where no folder can be made is an error of the system, not a wait', () => {
  expect(() => stageSecretFile('/proc/none/file', 'x', undefined)).toThrow(
    expect.objectContaining({ syscall: 'mkdir' }),
  );
});
