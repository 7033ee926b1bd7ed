import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runInstallSsh } from '../../../../client/install-ssh/run.ts';
import { temporaryFolder } from '../../keys/folder.ts';
import { fakeIo } from '../fake-io.ts';
import { KEY } from '../fake-server.ts';

const homeWithProfile = (): string => {
  const home = temporaryFolder();
  mkdirSync(join(home, '.config', 'spa'), { recursive: true });
  const text = `[gw1]\nhost = gw1.example.net\nserver = gw1\nkey = ${KEY}\n`;
  writeFileSync(join(home, '.config', 'spa', 'profiles.ini'), text, { mode: 0o600 });
  return home;
};

const install = (home: string, ...words: readonly string[]) => {
  const io = fakeIo({ home });
  return { code: runInstallSsh(words, io), out: io.stdout(), err: io.stderr() };
};

test('a home without .ssh: the folder is 0700 and the file 0600, and --remove does without the profile', () => {
  const home = homeWithProfile();
  const file = join(home, '.ssh/config');
  expect(install(home, 'gw1.example.net')).toMatchObject({ code: 0, err: '' });
  expect([statSync(join(home, '.ssh')).mode & 0o777, statSync(file).mode & 0o777]).toEqual([0o700, 0o600]);
  writeFileSync(join(home, '.config', 'spa', 'profiles.ini'), '');
  expect(install(home, '--remove', 'gw1').out).toContain('removed the block of gw1');
  expect(readFileSync(file, 'utf8')).toBe('');
  expect(install(home, '--remove', 'gw1').out).toContain('there is no block of gw1');
});

test('a file that others may write, which ssh would not read, is closed to them', () => {
  const home = homeWithProfile();
  const file = join(home, 'config');
  writeFileSync(file, '');
  chmodSync(file, 0o666);
  expect(install(home, '--file', file, 'gw1').code).toBe(0);
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('--print writes nothing', () => {
  const home = homeWithProfile();
  expect(install(home, '--print', 'gw1').out).toContain('ProxyCommand spa-client proxy -n gw1 %h %p\n');
  expect(existsSync(join(home, '.ssh'))).toBe(false);
});

test.each([
  [[], 'name one HOST'],
  [['gw1', 'gw2'], 'name one HOST'],
  [[''], 'a name or path is empty'],
  [['--file', '', 'gw1'], 'a name or path is empty'],
  [['--profiles', '', 'gw1'], 'a name or path is empty'],
  [['--nonsense', 'gw1'], 'unknown option'],
  [['--print', '--remove', 'gw1'], 'cannot be used with'],
  [['gw'], 'did you mean "gw1"?'],
])('%j: one sentence', (words, piece) => {
  const { code, err } = install(homeWithProfile(), ...words);
  expect(code).toBe(2);
  expect(err).toContain(piece);
});

test('a link to nothing, and a folder, are told', () => {
  const home = homeWithProfile();
  symlinkSync(join(home, 'gone'), join(home, 'link'));
  expect(install(home, '--file', join(home, 'link'), 'gw1').err).toContain('is a link to a file that is not there');
  expect(install(home, '--file', home, 'gw1').err).toContain('is not a regular file');
});
