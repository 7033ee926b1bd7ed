import { mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AuditFile } from '../../../server/log/audit-file.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
  path = join(folder, 'log', 'audit.jsonl');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('lines are appended, in a folder that is made, readable by the group alone', () => {
  const file = new AuditFile(path);
  file.append(['{"a":1}', '{"b":2}']);
  file.append(['{"c":3}']);
  file.close();
  expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"b":2}\n{"c":3}\n');
  // Whatever this process's umask leaves of 0640: never a bit for the others.
  expect(statSync(path).mode & 0o137).toBe(0);
});

test('a later run goes on where the earlier one ended', () => {
  for (const line of ['first', 'second']) {
    const file = new AuditFile(path);
    file.append([line]);
    file.close();
  }
  expect(readFileSync(path, 'utf8')).toBe('first\nsecond\n');
});

test('reopened, it writes where the name is now', () => {
  const file = new AuditFile(path);
  file.append(['before']);
  renameSync(path, `${path}.1`);
  file.append(['between']);
  file.reopen();
  file.append(['after']);
  file.close();
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('before\nbetween\n');
  expect(readFileSync(path, 'utf8')).toBe('after\n');
});

test('what cannot be written is an error', () => {
  const file = new AuditFile('/dev/full');
  expect(() => file.append(['lost'])).toThrow(/ENOSPC/);
});
