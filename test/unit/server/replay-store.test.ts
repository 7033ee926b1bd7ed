import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type UnixMs, unixMs } from '../../../src/base/units.ts';
import type { ReplayRecord } from '../../../src/replay/cache.ts';
import { type ReplayOpening, ReplayStore } from '../../../server/store/replay-store.ts';

const MAX_AGE = 120_000;
const NOW = 1_800_000_000_000;

const record = (number: number, time: number = NOW): ReplayRecord => {
  const digest = new Uint8Array(16);
  new DataView(digest.buffer).setUint32(0, number);
  return { digest, time: unixMs(time) };
};

describe('ReplayStore', () => {
  let folder = '';
  let path = '';
  const open = (now: number, firstStart = false): ReplayOpening =>
    ReplayStore.open(path, unixMs(now), MAX_AGE, firstStart);
  /** Writes records as the daemon does, cache first, and ends without closing in order. */
  const runOnce = (records: readonly ReplayRecord[], now = NOW - 1000): void => {
    const { store, cache } = open(now, true);
    for (const one of records) {
      cache.remember(one);
      store.append([one]);
    }
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'spad-test-'));
    path = join(folder, 'replay.journal');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('a first start refuses what is older than itself and nothing else', () => {
    const { cache, warning } = open(NOW, true);
    expect(warning).toBeUndefined();
    expect(cache.judge(record(1).digest, unixMs(NOW))).toBe('below-floor');
    expect(cache.judge(record(1).digest, unixMs(NOW + 1))).toBeUndefined();
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  describe('where packets do not age', () => {
    const FOREVER = Number.POSITIVE_INFINITY;
    const openAgeless = (now: number, firstStart: boolean): ReplayOpening =>
      ReplayStore.open(path, unixMs(now), FOREVER, firstStart, MAX_AGE);

    test('a first start takes the oldest, and what was let in is known for ever', () => {
      const { store, cache } = openAgeless(NOW, true);
      expect(cache.judge(record(1).digest, unixMs(1000))).toBeUndefined();
      cache.remember(record(1, 1000));
      store.append([record(1, 1000)]);
      const again = openAgeless(NOW + 1e12, false);
      expect(again.warning).toBeUndefined();
      expect(again.cache.judge(record(1).digest, unixMs(1000))).toBe('replayed');
      expect(again.cache.judge(record(2).digest, unixMs(1000))).toBeUndefined();
    });

    test('a lost journal refuses whatever a clock that is not far ahead of ours can have made', () => {
      const { cache, warning } = openAgeless(NOW, false);
      expect(warning).toMatch(/it is missing/);
      expect(cache.judge(record(1).digest, unixMs(1000))).toBe('below-floor');
      expect(cache.judge(record(1).digest, unixMs(NOW + MAX_AGE))).toBe('below-floor');
      expect(cache.judge(record(1).digest, unixMs(NOW + MAX_AGE + 1))).toBeUndefined();
    });
  });

  test('what was appended is known after a crash', () => {
    runOnce([record(1), record(2)]);
    const { cache, warning } = open(NOW + 1000);
    expect(warning).toBeUndefined();
    expect(cache.judge(record(1).digest, unixMs(NOW))).toBe('replayed');
    expect(cache.judge(record(2).digest, unixMs(NOW))).toBe('replayed');
    expect(cache.judge(record(3).digest, unixMs(NOW))).toBeUndefined();
  });

  test('the file keeps its length while it fills, and grows when it is full', () => {
    const { store, cache } = open(NOW - 1, true);
    const before = statSync(path).size;
    const many = Array.from({ length: 4096 }, (_, index) => record(index));
    for (const one of many) cache.remember(one);
    store.append(many);
    expect(statSync(path).size).toBe(before);
    cache.remember(record(5000));
    store.append([record(5000)]);
    expect(statSync(path).size).toBeGreaterThan(before);
    const again = open(NOW + 1).cache;
    expect(again.size).toBe(4097);
    expect(again.judge(record(5000).digest, unixMs(NOW))).toBe('replayed');
  });

  const expectClosed = (now: UnixMs): void => {
    const { cache, warning } = open(now);
    expect(warning).toContain(path);
    // Dated as far ahead as a packet may have been that the lost journal knew.
    expect(cache.judge(record(9).digest, unixMs(now + MAX_AGE))).toBeDefined();
    expect(cache.judge(record(9).digest, unixMs(now + MAX_AGE + 1))).toBeUndefined();
  };

  test.each([0, 1, 31, 32, 33, 64, 95, 96, 4096])(
    'cut to %i bytes, it refuses all that it may have known',
    (length) => {
      runOnce([record(1), record(2)]);
      truncateSync(path, length);
      expectClosed(unixMs(NOW + 1000));
    },
  );

  test('missing though there was an earlier run, it refuses all that it may have known', () => {
    runOnce([record(1)]);
    unlinkSync(path);
    expectClosed(unixMs(NOW + 1000));
  });

  test('one changed byte of a record is damage, and the sound records are kept', () => {
    runOnce([record(1), record(2)]);
    const bytes = readFileSync(path);
    bytes[32] = (bytes[32] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const { cache, warning } = open(NOW + 1000);
    expect(warning).toContain('torn');
    expect(cache.judge(record(2).digest, unixMs(NOW))).toBe('replayed');
  });

  test('the floor of damage outlives the next restart', () => {
    runOnce([record(1)]);
    truncateSync(path, 40);
    open(NOW);
    const { cache, warning } = open(NOW + 1000);
    expect(warning).toBeUndefined();
    expect(cache.floor).toBe(NOW + MAX_AGE);
  });

  test('after an append that failed, the next one begins a new file', () => {
    const { store, cache } = open(NOW - 1, true);
    store.close();
    cache.remember(record(1));
    store.append([record(1)]);
    expect(open(NOW + 1).cache.judge(record(1).digest, unixMs(NOW))).toBe('replayed');
  });
});
