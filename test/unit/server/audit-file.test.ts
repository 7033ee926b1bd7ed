import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
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

test('a pipe without a reader is an error at once, and keeps nobody waiting', () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  expect(() => new AuditFile(join(folder, 'pipe'), () => undefined)).toThrow(/ENXIO/);
});

test('a pipe whose reader is slow loses lines and keeps nobody waiting; what it gets then are whole lines', () => {
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const file = new AuditFile(pipe, () => undefined);
  // pipe(7): 65536 bytes of room, and a write of more than 4096 may be cut.
  const many = Array.from({ length: 10 }, (_, index) => `{"n":${String(index)},"x":"${'x'.repeat(990)}"}`);
  let lost = 0;
  for (let round = 0; round < 20; round += 1) {
    try {
      file.append(many);
    } catch (error) {
      expect(String(error)).toMatch(/EAGAIN/);
      lost += 1;
    }
  }
  expect(lost).toBeGreaterThan(10);
  const room = Buffer.alloc(1 << 20);
  let text = room.toString('latin1', 0, readSync(reader, room));
  file.append(['{"last":1}']);
  text += room.toString('latin1', 0, readSync(reader, room));
  file.close();
  closeSync(reader);
  const lines = text.trimEnd().split('\n');
  expect(lines.at(-1)).toBe('{"last":1}');
  const damaged = lines.filter((line) => !line.endsWith('}'));
  expect(damaged.length).toBeLessThanOrEqual(1);
});
