/** What the kernel is told, against section "Datagram" of docs/native-packet.md: no honest packet is ever dropped. */
import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { unixMs } from '../../src/base/units.ts';
import { GRACE_MS, HintSchedule, type TimedHint } from '../../src/spa/native/hint-schedule.ts';
import { HmacKey } from '../../src/crypto/hmac.ts';
import { hintsOf } from '../support/gate-keys.ts';

const MINUTE = 60_000;
const KEYS = [1, 2, 3].map((seed) => new Uint8Array(32).fill(seed));
const MAC_KEYS = KEYS.map((key) => new HmacKey(key));

const hint = (client: number, window: number): string => {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(window));
  return createHmac('sha256', KEYS[client] ?? '')
    .update(message)
    .digest('hex')
    .slice(0, 16);
};

/** A set whose elements end by a clock that only runs forward; adding what is there changes nothing, as in older kernels. */
class TimedSet {
  readonly #ends = new Map<string, number>();

  add(hints: readonly TimedHint[], wall: number, steady: number): void {
    for (const { hint: bytes, until } of hints) {
      const key = Buffer.from(bytes).toString('hex');
      if ((this.#ends.get(key) ?? 0) > steady) continue;
      this.#ends.set(key, until === undefined ? Number.POSITIVE_INFINITY : steady + until - wall);
    }
  }

  has(key: string, steady: number): boolean {
    return (this.#ends.get(key) ?? 0) > steady;
  }

  size(steady: number): number {
    return [...this.#ends.values()].filter((end) => end > steady).length;
  }
}

const step = fc.record({
  /** Real time that passes, and by how much the wall clock goes ahead of it or falls behind. */
  passes: fc.integer({ min: 0, max: 200_000 }),
  drift: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: -1000, max: 400_000 })),
  slice: fc.integer({ min: 1, max: 7 }),
});

test('at every moment every hint that a packet may begin with is known, and little else', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 0, max: 10 * MINUTE }),
      (steps, reach) => {
        const schedule = new HintSchedule(hintsOf(MAC_KEYS, [1]), reach);
        const set = new TimedSet();
        let wall = 1_700_000_000_000;
        let steady = 0;
        for (const { passes, drift, slice } of steps) {
          wall += passes + drift;
          steady += passes;
          for (;;) {
            const due = schedule.due(unixMs(wall), slice);
            expect(due.length).toBeLessThanOrEqual(slice);
            if (due.length === 0) break;
            set.add(due, wall, steady);
          }
          set.add(schedule.ahead(unixMs(wall), slice), wall, steady);
          const [first, last] = [Math.floor((wall - reach) / MINUTE), Math.floor((wall + reach) / MINUTE)];
          for (let window = first; window <= last; window += 1)
            for (const client of KEYS.keys()) expect(set.has(hint(client, window), steady)).toBe(true);
          expect(set.has(hint(1, 0), steady), 'the window of emergency codes').toBe(true);
          expect(set.has(hint(0, 0), steady)).toBe(false);
        }
        // However the clock went, what is held is bounded: windows that were given end.
        steady += 2 * reach + 2 * MINUTE + GRACE_MS + 1;
        expect(set.size(steady)).toBe(1);
      },
    ),
    { numRuns: 200 },
  );
});

test('the window that comes next is known before it is needed', () => {
  const schedule = new HintSchedule(hintsOf(MAC_KEYS), 2 * MINUTE);
  const now = unixMs(100 * MINUTE);
  while (schedule.due(now, 2).length > 0);
  const given: string[] = [];
  for (let times = 0; times < 10; times += 1)
    given.push(...schedule.ahead(now, 2).map(({ hint: bytes }) => Buffer.from(bytes).toString('hex')));
  expect(given).toEqual([0, 1, 2].map((client) => hint(client, 103)));
  expect(schedule.due(unixMs(now + MINUTE), 100)).toEqual([]);
});

test('the nearest windows come first', () => {
  const schedule = new HintSchedule(hintsOf(MAC_KEYS.slice(0, 1)), 2 * MINUTE);
  const windows = schedule.due(unixMs(100.5 * MINUTE), 10).map(({ hint: bytes }) => Buffer.from(bytes).toString('hex'));
  expect(windows).toEqual([100, 99, 101, 98, 102].map((window) => hint(0, window)));
});

test('of a key that ends nothing is known from its end on, and everything up to then', () => {
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 0, max: 10 * MINUTE }),
      fc.integer({ min: -MINUTE, max: 20 * MINUTE }),
      (steps, reach, left) => {
        const begin = 1_700_000_000_000;
        const end = begin + left;
        const schedule = new HintSchedule(hintsOf(MAC_KEYS, [0, 1], new Map([[1, unixMs(end)]])), reach);
        const set = new TimedSet();
        let steady = 0;
        for (const { passes, slice } of steps) {
          steady += passes;
          const wall = begin + steady;
          for (let due = schedule.due(unixMs(wall), 7); due.length > 0; due = schedule.due(unixMs(wall), 7))
            set.add(due, wall, steady);
          set.add(schedule.ahead(unixMs(wall), slice), wall, steady);
          const windows = [0];
          for (let at = wall - reach; at <= wall + reach + MINUTE; at += MINUTE) windows.push(Math.floor(at / MINUTE));
          for (const window of wall >= end ? windows : windows.slice(0, -1))
            expect(set.has(hint(1, window), steady)).toBe(wall < end);
          expect(set.has(hint(0, Math.floor(wall / MINUTE)), steady)).toBe(true);
        }
      },
    ),
    { numRuns: 200 },
  );
});
