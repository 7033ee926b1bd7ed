import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import { ReplayCache, type ReplayRecord } from '../../../src/replay/cache.ts';

const NOW = 1_767_225_600_000;
const MAX_AGE = 120_000;

const digest = (number: number): Uint8Array => {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(12, number);
  return bytes;
};
const record = (number: number, time: number): ReplayRecord => ({ digest: digest(number), time: unixMs(time) });

// docs/native-packet.md, section 8.
describe('the replay cache', () => {
  test('a packet is new once', () => {
    const cache = new ReplayCache(10, unixMs(0));
    expect(cache.judge(digest(1), unixMs(NOW))).toBeUndefined();
    expect(cache.judge(digest(1), unixMs(NOW))).toBeUndefined();
    cache.remember(record(1, NOW));
    expect(cache.judge(digest(1), unixMs(NOW))).toBe('replayed');
    expect(cache.judge(digest(2), unixMs(NOW))).toBeUndefined();
  });

  test('a digest is all of its bytes', () => {
    const cache = new ReplayCache(10, unixMs(0));
    cache.remember(record(0, NOW));
    for (let index = 0; index < 16; index += 1) {
      const other = new Uint8Array(16);
      other[index] = 0x80;
      expect(cache.judge(other, unixMs(NOW))).toBeUndefined();
    }
  });

  test('at or below the floor, everything is refused', () => {
    const cache = new ReplayCache(10, unixMs(NOW));
    expect(cache.judge(digest(1), unixMs(NOW - 1))).toBe('below-floor');
    expect(cache.judge(digest(1), unixMs(NOW))).toBe('below-floor');
    expect(cache.judge(digest(1), unixMs(NOW + 1))).toBeUndefined();
  });

  test('the floor never falls', () => {
    const cache = new ReplayCache(10, unixMs(NOW));
    cache.raiseFloor(unixMs(NOW - 5));
    expect(cache.floor).toBe(NOW);
    cache.raiseFloor(unixMs(NOW + 5));
    expect(cache.floor).toBe(NOW + 5);
    cache.prune(unixMs(0), MAX_AGE);
    expect(cache.floor).toBe(NOW + 5);
  });

  test('a packet is kept until it is stale in any case: now > time + max_age', () => {
    const cache = new ReplayCache(10, unixMs(0));
    cache.remember(record(1, NOW));
    cache.prune(unixMs(NOW + MAX_AGE), MAX_AGE);
    expect(cache.judge(digest(1), unixMs(NOW))).toBe('replayed');
    cache.prune(unixMs(NOW + MAX_AGE + 1), MAX_AGE);
    expect(cache.size).toBe(0);
    expect(cache.judge(digest(1), unixMs(NOW))).toBe('below-floor');
  });

  test('a clock that steps back after a prune lets nothing in again', () => {
    const cache = new ReplayCache(10, unixMs(0));
    cache.remember(record(1, NOW));
    cache.prune(unixMs(NOW + 10 * MAX_AGE), MAX_AGE);
    cache.prune(unixMs(NOW), MAX_AGE);
    expect(cache.judge(digest(1), unixMs(NOW))).toBe('below-floor');
  });

  test('when full, the oldest go and the floor takes their place', () => {
    const cache = new ReplayCache(3, unixMs(0));
    for (const [number, second] of [
      [1, 30],
      [2, 10],
      [3, 20],
      [4, 40],
    ] as const)
      cache.remember(record(number, NOW + 1000 * second));
    expect(cache.size).toBe(3);
    expect(cache.floor).toBe(NOW + 10_000);
    const verdicts = [
      [1, 30],
      [2, 10],
      [3, 20],
      [4, 40],
    ].map(([n = 0, s = 0]) => cache.judge(digest(n), unixMs(NOW + 1000 * s)));
    expect(verdicts).toEqual(['replayed', 'below-floor', 'replayed', 'replayed']);
  });

  test('never more than its capacity, even of one second, and nothing passes twice', () => {
    const cache = new ReplayCache(5, unixMs(0));
    for (let number = 0; number < 20; number += 1) {
      const time = unixMs(NOW + number);
      if (cache.judge(digest(number), time) === undefined) cache.remember({ digest: digest(number), time });
      expect(cache.judge(digest(number), time)).toBeDefined();
      expect(cache.size).toBeLessThanOrEqual(5);
    }
    for (let number = 0; number < 20; number += 1)
      expect(cache.judge(digest(number), unixMs(NOW + number))).toBeDefined();
  });

  test('a capacity of nothing still refuses what has passed', () => {
    const cache = new ReplayCache(0, unixMs(0));
    cache.remember(record(1, NOW));
    expect([cache.size, cache.judge(digest(1), unixMs(NOW))]).toEqual([0, 'below-floor']);
  });

  test('remembering again changes nothing; the records can be listed', () => {
    const cache = new ReplayCache(10, unixMs(0));
    for (const one of [record(1, NOW), record(2, NOW + 5000), record(1, NOW)]) cache.remember(one);
    expect(cache.size).toBe(2);
    expect([...cache.records()]).toEqual([record(1, NOW), record(2, NOW + 5000)]);
  });
});
