import { describe, expect, test } from 'vitest';
import { formatUtc, parseInstant, plainTime } from '../../../src/base/instant.ts';
import { unixMs } from '../../../src/base/units.ts';

const NOW = unixMs(Date.UTC(2026, 10, 21, 12));

describe('an instant is written', () => {
  test('as people read it, in UTC', () => {
    expect(plainTime('2026-11-20T14:13:28.129Z')).toBe('2026-11-20 14:13:28');
    expect(formatUtc(unixMs(Date.UTC(2026, 10, 20, 14, 13, 28, 999)))).toBe('2026-11-20 14:13:28 UTC');
  });
});

describe('an instant is read', () => {
  test.each([
    ['2026-11-20', Date.UTC(2026, 10, 20)],
    ['2024-02-29', Date.UTC(2024, 1, 29)],
    ['2026-11-20T14:00Z', Date.UTC(2026, 10, 20, 14)],
    ['2026-11-20T14:00', Date.UTC(2026, 10, 20, 14)],
    ['2026-11-20 14:00:05', Date.UTC(2026, 10, 20, 14, 0, 5)],
    ['2026-11-20T14:00:05.25Z', Date.UTC(2026, 10, 20, 14, 0, 5, 250)],
    ['@0', 0],
    ['@1767225628', 1_767_225_628_000],
    ['@253402300799', Date.UTC(9999, 11, 31, 23, 59, 59)],
    ['24h', NOW - 86_400_000],
    ['90s', NOW - 90_000],
  ])('%s', (text, wanted) => {
    expect(parseInstant(text, NOW)).toBe(wanted);
  });

  test.each(['', 'yesterday', '2026-11', '2026-11-20T', '2026-11-20T25:00Z', '2026-13-01', '2026-02-30', '2026-02-29'])(
    'not from %j',
    (text) => {
      expect(parseInstant(text, NOW)).toBeUndefined();
    },
  );

  test.each(['@', '@1.5', '@-1', '@253402300800', '@1234567890123', '5x', '5m5', '24hours', '2026-11-20+01:00'])(
    'nor from %j',
    (text) => {
      expect(parseInstant(text, NOW)).toBeUndefined();
    },
  );
});
