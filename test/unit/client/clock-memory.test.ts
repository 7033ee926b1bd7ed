import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { recallClock, rememberClock } from '../../../client/clock-memory.ts';
import { temporaryFolder } from '../keys/folder.ts';

const newPath = (): string => join(temporaryFolder(), 'state', 'spa', 'clocks.json');

describe('what is remembered', () => {
  test('a difference of more than 2 s, per server, in a file closed to others', () => {
    const path = newPath();
    rememberClock(path, 'gw1', 97_000);
    rememberClock(path, 'gw2', -2001);
    expect([recallClock(path, 'gw1'), recallClock(path, 'gw2'), recallClock(path, 'gw3')]).toEqual([97_000, -2001, 0]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(path))).toEqual(['clocks.json']);
  });

  test('nothing of clocks that agree', () => {
    const path = newPath();
    rememberClock(path, 'gw1', 2000);
    expect(existsSync(path)).toBe(false);
  });

  test('no longer than the clocks differ', () => {
    const path = newPath();
    rememberClock(path, 'gw1', 97_000);
    rememberClock(path, 'gw2', 5000);
    rememberClock(path, 'gw1', -300);
    expect([recallClock(path, 'gw1'), recallClock(path, 'gw2')]).toEqual([0, 5000]);
  });

  test('anew where it has grown, and not for what a slow way makes', () => {
    const path = newPath();
    rememberClock(path, 'gw1', 97_000);
    const before = statSync(path).ino;
    rememberClock(path, 'gw1', 97_499);
    expect([recallClock(path, 'gw1'), statSync(path).ino]).toEqual([97_000, before]);
    rememberClock(path, 'gw1', 97_500);
    expect(recallClock(path, 'gw1')).toBe(97_500);
  });

  test('100 servers; the one that was learned first is forgotten', () => {
    const path = newPath();
    for (let number = 0; number <= 100; number += 1) rememberClock(path, `gw${String(number)}`, 10_000 + number);
    expect([recallClock(path, 'gw0'), recallClock(path, 'gw1'), recallClock(path, 'gw100')]).toEqual([
      0, 10_001, 10_100,
    ]);
  });
});

test.each(['', '{', 'null', '[1]', '"x"', '{"gw1": "9"}', '{"gw1": 1.5}', '{"gw1": 1e300}'])(
  'a file that cannot be read is as good as none, and replaced: %s',
  (text) => {
    const path = newPath();
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode: 0o600 });
    expect(recallClock(path, 'gw1')).toBe(0);
    rememberClock(path, 'gw1', 97_000);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ gw1: 97_000 });
  },
);

test('an error of the system is told', () => {
  const path = join(temporaryFolder(), 'file', 'clocks.json');
  writeFileSync(dirname(path), '');
  expect(() => rememberClock(path, 'gw1', 97_000)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
});

test('a file that others may read or write is left alone, and told', () => {
  const path = newPath();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '{}', { mode: 0o644 });
  expect(() => rememberClock(path, 'gw1', 97_000)).toThrow('is readable by others');
  expect(readFileSync(path, 'utf8')).toBe('{}');
});
