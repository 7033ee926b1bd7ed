import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import { judgeFreshness } from '../../../src/spa/freshness.ts';

// docs/native-packet.md, section 7: fresh is |now - time| <= max_age, both ends included.
describe('freshness at max_age 120 s', () => {
  const now = 1_767_225_628_766;
  test.each([
    [0, undefined],
    [120_000, undefined],
    [120_001, 'stale'],
    [86_400_000, 'stale'],
    [now, 'stale'],
    [-120_000, undefined],
    [-120_001, 'future'],
    [now - Number.MAX_SAFE_INTEGER, 'future'],
  ])('%d ms old: %s', (age, verdict) => {
    expect(judgeFreshness(unixMs(now - age), unixMs(now), 120_000)).toBe(verdict);
  });
});
