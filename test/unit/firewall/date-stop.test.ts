import { describe, expect, test } from 'vitest';
import { steadyMs, unixMs } from '../../../src/base/units.ts';
import { CLOCK_TOLERANCE_MS, clockDistance, clockWasSet, dateStop } from '../../../src/firewall/date-stop.ts';

/** 2026-01-01T00:00:00Z is steady time 0. */
const DISTANCE = Date.UTC(2026, 0, 1);

/** When the kernel stops a rule: after the second that the text names (xt_time compares whole seconds). */
const deadAt = (text: string): number => Date.parse(`${text}Z`) + 1000 - DISTANCE;

describe('the end of a rule', () => {
  test.each([
    [60_000, '2026-01-01T00:01:00'],
    [59_750, '2026-01-01T00:00:59'],
    [59_751, '2026-01-01T00:01:00'],
    [60_750, '2026-01-01T00:01:00'],
    [0.4, '2026-01-01T00:00:00'],
  ])('%d ms: %s is its last second', (ends, text) => {
    expect(dateStop(steadyMs(ends), DISTANCE)).toBe(text);
  });

  test('is never before the end, however the clocks drift within the tolerance, and little after it', () => {
    for (let ends = 0; ends < 3000; ends += 7) {
      for (const distance of [DISTANCE, DISTANCE + 0.25, DISTANCE + 999.9]) {
        const dead = deadAt(dateStop(steadyMs(ends), distance)) - (distance - DISTANCE);
        expect(dead - CLOCK_TOLERANCE_MS).toBeGreaterThanOrEqual(ends);
        expect(dead).toBeLessThanOrEqual(ends + 1000 + CLOCK_TOLERANCE_MS);
      }
    }
  });

  test('comes by whole seconds later where it is asked to', () => {
    expect(dateStop(steadyMs(60_000), DISTANCE, 2)).toBe('2026-01-01T00:01:02');
  });

  test('is one that iptables can read, however far', () => {
    expect(dateStop(steadyMs(4_294_967_295_000), DISTANCE)).toBe('2038-01-19T03:14:07');
    expect(dateStop(steadyMs(-1e15), DISTANCE)).toBe('1970-01-01T00:00:00');
  });
});

test('a clock that was set is told from one that drifts', () => {
  const now = (wall: number): { wall: ReturnType<typeof unixMs>; steady: ReturnType<typeof steadyMs> } => ({
    ...{ wall: unixMs(wall), steady: steadyMs(500) },
  });
  expect(clockDistance(now(DISTANCE + 500))).toBe(DISTANCE);
  expect([-250, 0, 250].map((step) => clockWasSet(DISTANCE, now(DISTANCE + 500 + step)))).toEqual([
    false,
    false,
    false,
  ]);
  expect([-500, -251, 251, 500].every((step) => clockWasSet(DISTANCE, now(DISTANCE + 500 + step)))).toBe(true);
});
