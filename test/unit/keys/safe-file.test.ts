import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readKeyFile, resolveKeyPath } from '../../../keys/key-file.ts';
import { FileRefused, MAX_SECRET_FILE, openSecretFileIfThere, readSecretFile } from '../../../keys/safe-file.ts';
import { temporaryFolder } from './folder.ts';

const isRoot = process.geteuid?.() === 0;

const refusal = (path: string): FileRefused => {
  try {
    readSecretFile(path);
  } catch (error) {
    if (error instanceof FileRefused) return error;
    throw error;
  }
  throw new Error(`${path} was read`);
};

const fileWith = (text: string | Uint8Array, mode = 0o600): string => {
  const path = join(temporaryFolder(), 'file');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
};

describe('readSecretFile', () => {
  test('reads a file of mode 0600 or less', () => {
    expect(readSecretFile(fileWith('text\n'))).toBe('text\n');
    expect(readSecretFile(fileWith('text\n', 0o400))).toBe('text\n');
    expect(readSecretFile(fileWith(''))).toBe('');
  });

  test.each([
    [0o644, 'is readable by others (mode 0644): run chmod 600'],
    [0o640, 'is readable by others (mode 0640)'],
    [0o604, 'is readable by others (mode 0604)'],
    [0o620, 'is writable by others (mode 0620)'],
    [0o602, 'is writable by others (mode 0602)'],
    [0o601, 'is executable by others (mode 0601)'],
  ])('refuses mode %o', (mode, sentence) => {
    const path = fileWith('text', mode);
    expect(refusal(path).message).toContain(`${path} ${sentence}`);
    expect(refusal(path)).toMatchObject({ reason: 'unsafe', path, exitCode: 2 });
  });

  test('refuses a symbolic link, even to a good file and even a dangling one', () => {
    const folder = temporaryFolder();
    symlinkSync(fileWith('text'), join(folder, 'link'));
    symlinkSync('/nowhere/at/all', join(folder, 'dangling'));
    expect(refusal(join(folder, 'link')).message).toContain('is a symbolic link');
    expect(refusal(join(folder, 'dangling'))).toMatchObject({ reason: 'unsafe' });
    expect(() => openSecretFileIfThere(join(folder, 'dangling'))).toThrow('symbolic link');
  });

  test('refuses what is no regular file, without waiting for a writer of a pipe', () => {
    const folder = temporaryFolder();
    execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe')]);
    expect(refusal(join(folder, 'pipe')).message).toContain('is not a regular file');
    expect(refusal(folder).message).toContain('is a folder');
    expect(refusal('/dev/zero').message).toContain('is not a regular file');
  });

  test('tells apart what is not there', () => {
    const folder = temporaryFolder();
    expect(refusal(join(folder, 'none'))).toMatchObject({ reason: 'absent' });
    expect(refusal(join(fileWith('x'), 'below'))).toMatchObject({ reason: 'absent' });
    expect(openSecretFileIfThere(join(folder, 'none'))).toBeUndefined();
  });

  test('refuses what is too long or is not text', () => {
    expect(refusal(fileWith('x'.repeat(MAX_SECRET_FILE + 1))).message).toContain('larger than 32 MiB');
    expect(readSecretFile(fileWith('x'.repeat(MAX_SECRET_FILE)))).toHaveLength(MAX_SECRET_FILE);
    expect(refusal(fileWith(Uint8Array.of(0xff, 0xfe))).message).toContain('is not UTF-8');
  });

  test.runIf(isRoot)("refuses another user's file", () => {
    const path = fileWith('text');
    chownSync(path, 12_345, 12_345);
    expect(refusal(path).message).toContain('belongs to uid 12345');
  });

  test('makes a name with control characters harmless', () => {
    expect(refusal('/nowhere/\u001b[31mred').message).not.toContain('\u001b');
  });
});

describe('readKeyFile', () => {
  const base64 = 'Ioi/3epz4xV+aNBVmpUOr2uATmL0y94UXKxlo1V180E=';

  test('reads base64 of 32 bytes, a newline behind it or not', () => {
    expect(readKeyFile(fileWith(`${base64}\n`)).revealBase64()).toBe(base64);
    expect(readKeyFile(fileWith(base64)).revealBase64()).toBe(base64);
  });

  test.each(['', 'abc', `${base64}\n${base64}`, base64.slice(0, -1), `key = ${base64}`])(
    'refuses %j and does not repeat it',
    (text) => {
      const path = fileWith(text);
      expect(() => readKeyFile(path)).toThrow('does not hold a secret');
      expect(() => readKeyFile(path)).not.toThrow(base64.slice(0, 8));
    },
  );

  test('refuses a file that others can read', () => {
    expect(() => readKeyFile(fileWith(base64, 0o644))).toThrow('chmod 600');
  });
});

test('resolveKeyPath wants a path from / or from ~/', () => {
  expect(resolveKeyPath('/a/b', { HOME: '/h' })).toBe('/a/b');
  expect(resolveKeyPath('~/b', { HOME: '/h' })).toBe('/h/b');
  expect(() => resolveKeyPath('b', { HOME: '/h' })).toThrow('relative path');
  expect(() => resolveKeyPath('~other/b', { HOME: '/h' })).toThrow('relative path');
});
