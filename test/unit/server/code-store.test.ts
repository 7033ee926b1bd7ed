import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CodeHolder, type CodeOpening, CodeStore } from '../../../server/store/code-store.ts';
import type { CodeRecord } from '../../../src/replay/used-codes.ts';

const owner = (value: number): Uint8Array => new Uint8Array(16).fill(value);
const holder = (stanza: string, value: number, first: number, last: number): CodeHolder => ({
  ...{ stanza, owner: owner(value), first, last },
});
const alice = holder('alice', 1, 5, 8);
const code = (number: number): CodeRecord => ({ owner: owner(1), first: number, last: number });

let folder = '';
let path = '';
const open = (firstStart: boolean, ...holders: readonly CodeHolder[]): CodeOpening =>
  CodeStore.open(path, firstStart, holders);
/** Uses codes as the daemon does, and ends without closing in order. */
const use = (...numbers: readonly number[]): void => {
  const { store, used } = open(!existsSync(path), alice);
  for (const number of numbers) {
    used.use(code(number));
    store.append([code(number)]);
  }
};
const usedOf = ({ used }: CodeOpening, highest = 12): number[] =>
  Array.from({ length: highest }, (_, index) => index + 1).filter((number) => used.has(owner(1), number));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
  path = join(folder, 'emergency.used');
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a sound file', () => {
  test('begins empty at a first start, closed to others', () => {
    const opening = open(true, alice);
    expect(opening.warning).toBeUndefined();
    expect(usedOf(opening)).toEqual([]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('knows after a crash what was used, whoever has codes then, and for ever', () => {
    use(5, 7);
    use(8);
    open(false);
    open(false, holder('bob', 2, 1, 8));
    const opening = open(false, alice);
    expect(opening.warning).toBeUndefined();
    expect(usedOf(opening)).toEqual([5, 7, 8]);
  });

  test('grows when it is full', () => {
    const { store, used } = open(true, alice);
    const many = Array.from({ length: 300 }, (_, index) => code(index + 1));
    for (const one of many) {
      used.use(one);
      store.append([one]);
    }
    expect(usedOf(open(false, alice), 400)).toHaveLength(300);
  });

  test('counts even where the grant log is gone, so that the start looks like the first', () => {
    use(5);
    expect(usedOf(open(true, alice))).toEqual([5]);
  });
});

describe('where it cannot be relied on, all codes count as used up to the last of each range:', () => {
  const expectClosed = (why: RegExp): void => {
    const opening = open(false, alice, holder('bob', 2, 1, 3));
    expect(opening.warning).toMatch(why);
    expect(opening.warning).toContain(`${path} cannot be relied on`);
    expect(opening.warning).toContain('all codes of alice and 1 other stanza count as used');
    expect(opening.warning).toContain('spa-keys emergency alice --write');
    expect(usedOf(opening)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(opening.used.has(owner(2), 3)).toBe(true);
    expect(opening.used.has(owner(2), 4)).toBe(false);
    // It is told once, and holds on.
    const again = open(false, alice);
    expect(again.warning).toBeUndefined();
    expect(usedOf(again)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  };

  test('missing, though there was an earlier run', () => {
    use(6);
    unlinkSync(path);
    expectClosed(/it is missing/);
  });

  test.each([0, 1, 31, 32, 33, 64, 95, 4096])('cut to %i bytes', (length) => {
    use(6);
    truncateSync(path, length);
    expectClosed(/it has|its header/);
  });

  test.each([3, 17, 40, 60])('with byte %i changed', (index) => {
    use(6);
    const bytes = readFileSync(path);
    bytes[index] = (bytes[index] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expectClosed(/its header|torn/);
  });

  test('codes with higher numbers hold again', () => {
    use(6);
    unlinkSync(path);
    open(false, alice);
    const opening = open(false, holder('alice', 1, 9, 16));
    expect(opening.warning).toBeUndefined();
    expect(usedOf(opening)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });
});

describe('without codes', () => {
  test('a missing file is no loss: an earlier version kept none', () => {
    expect(open(false).warning).toBeUndefined();
    expect(usedOf(open(false, alice))).toEqual([]);
  });

  test('damage is told all the same', () => {
    use(6);
    truncateSync(path, 50);
    expect(open(false).warning).toMatch(/no stanza has codes now, and none should get back a range that it has had/);
  });
});

test('after an append that failed, the next one begins a new file with all that was used', () => {
  const { store, used } = open(true, alice);
  used.use(code(5));
  store.close();
  rmSync(folder, { recursive: true });
  expect(() => store.append([code(5)])).toThrow(/ENOENT/);
  folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
  const moved = CodeStore.open(join(folder, 'emergency.used'), true, [alice]);
  moved.used.use(code(5));
  moved.store.close();
  moved.used.use(code(6));
  moved.store.append([code(6)]);
  path = join(folder, 'emergency.used');
  expect(usedOf(open(false, alice))).toEqual([5, 6]);
});
