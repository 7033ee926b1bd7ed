import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
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
  const file = new AuditFile(path, () => undefined);
  file.append(['{"a":1}', '{"b":2}']);
  file.append(['{"c":3}']);
  file.close();
  expect(readFileSync(path, 'utf8')).toBe('{"a":1}\n{"b":2}\n{"c":3}\n');
  // Whatever this process's umask leaves of 0640: never a bit for the others.
  expect(statSync(path).mode & 0o137).toBe(0);
});

test('a later run goes on where the earlier one ended', () => {
  for (const line of ['first', 'second']) {
    const file = new AuditFile(path, () => undefined);
    file.append([line]);
    file.close();
  }
  expect(readFileSync(path, 'utf8')).toBe('first\nsecond\n');
});

test('it writes where the name is now, whoever has moved the file and told nobody', () => {
  const file = new AuditFile(path, () => undefined);
  file.append(['before']);
  renameSync(path, `${path}.1`);
  file.append(['after']);
  renameSync(path, `${path}.2`);
  writeFileSync(path, 'of another\n');
  file.append(['last']);
  file.close();
  expect(['.1', '.2', ''].map((end) => readFileSync(`${path}${end}`, 'utf8'))).toEqual([
    'before\n',
    'after\n',
    'of another\nlast\n',
  ]);
});

test('reopened, the new file is there before the next line', () => {
  const file = new AuditFile(path, () => undefined);
  renameSync(path, `${path}.1`);
  file.reopen();
  expect(readFileSync(path, 'utf8')).toBe('');
  file.close();
});

test('cut to nothing by who copies it away, it goes on at its beginning', () => {
  const file = new AuditFile(path, () => undefined);
  file.append(['before']);
  truncateSync(path);
  file.append(['after']);
  file.close();
  expect(readFileSync(path, 'utf8')).toBe('after\n');
});

test('where it cannot be made anew it goes on where it was moved to, says so once, and comes back', () => {
  const told: string[] = [];
  const file = new AuditFile(path, (message) => told.push(message));
  renameSync(path, `${path}.1`);
  mkdirSync(path);
  file.append(['first']);
  file.append(['second']);
  expect(told).toEqual([expect.stringContaining('EISDIR')]);
  rmdirSync(path);
  file.append(['third']);
  file.close();
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('first\nsecond\n');
  expect(readFileSync(path, 'utf8')).toBe('third\n');
});

test('what cannot be written is an error', () => {
  const file = new AuditFile('/dev/full', () => undefined);
  expect(() => file.append(['lost'])).toThrow(/ENOSPC/);
});
