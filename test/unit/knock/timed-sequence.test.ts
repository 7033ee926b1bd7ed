import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import { Secret } from '../../../src/crypto/secret.ts';
import {
  acceptedTimedWindows,
  isTimedName,
  timedSequence,
  timedShapeProblem,
  timedWindowOf,
} from '../../../src/knock/timed-sequence.ts';

const secretOf = (first: number): Secret => {
  const secret = Secret.fromBytes(Uint8Array.from({ length: 32 }, (_, index) => (first + index) & 0xff));
  if (secret === undefined) throw new Error('not a secret');
  return secret;
};

const SECRET = secretOf(1);

describe('the window', () => {
  test('is the minute', () => {
    expect(timedWindowOf(unixMs(59_999))).toBe(0);
    expect(timedWindowOf(unixMs(60_000))).toBe(1);
  });

  test('a server takes the current one, the previous and the next', () => {
    expect(acceptedTimedWindows(unixMs(600_000))).toEqual([10, 9, 11]);
    expect(acceptedTimedWindows(unixMs(0))).toEqual([0, 1]);
  });
});

describe('a sequence', () => {
  test('is the same for the same secret, name and minute, and another for any other', () => {
    const steps = timedSequence(SECRET, 'door', 7);
    expect(timedSequence(SECRET, 'door', 7)).toEqual(steps);
    expect(timedSequence(SECRET, 'door', 8)).not.toEqual(steps);
    expect(timedSequence(SECRET, 'Door', 7)).not.toEqual(steps);
    expect(timedSequence(secretOf(2), 'door', 7)).not.toEqual(steps);
  });

  test('has distinct ports of its range, in any shape that is allowed', () => {
    for (let window = 0; window < 50; window += 1) {
      const steps = timedSequence(SECRET, 'door', window, 32, { low: 100, high: 140 });
      const ports = steps.map(({ port }) => port);
      expect(new Set(ports).size).toBe(32);
      expect(Math.min(...ports)).toBeGreaterThanOrEqual(100);
      expect(Math.max(...ports)).toBeLessThanOrEqual(140);
    }
  });

  test('favours no port and no protocol', () => {
    const seen = new Map<string, number>();
    const rounds = 4000;
    for (let window = 0; window < rounds; window += 1) {
      for (const { protocol, port } of timedSequence(SECRET, 'door', window, 1, { low: 1, high: 5 })) {
        const step = `${String(port)}:${protocol}`;
        seen.set(step, (seen.get(step) ?? 0) + 1);
      }
    }
    expect(seen.size).toBe(10);
    // 400 expected each, with a standard deviation of 19; the windows are fixed, so that this never varies.
    for (const count of seen.values()) expect(Math.abs(count - rounds / 10)).toBeLessThan(80);
  });

  test.each([
    [0, 1, 10, '1 to 32'],
    [33, 1, 100, '1 to 32'],
    [1.5, 1, 100, '1 to 32'],
    [4, 0, 10, 'LOW-HIGH'],
    [4, 10, 65_536, 'LOW-HIGH'],
    [4, 20, 10, 'LOW-HIGH'],
    [4, 10, 12, 'as many ports'],
  ])('of %d knocks on %d to %d is refused', (count, low, high, why) => {
    expect(timedShapeProblem(count, { low, high })).toContain(why);
    expect(() => timedSequence(SECRET, 'door', 1, count, { low, high })).toThrow(RangeError);
  });

  test('its name is text of 1 to 64 bytes', () => {
    expect(['', 'n'.repeat(65), 'a\nb', '\ud800'].filter(isTimedName)).toEqual([]);
    expect(['door', 'Tür', 'n'.repeat(64)].filter(isTimedName)).toHaveLength(3);
  });
});
