/** What spad check says of stanzas with two keys. */
import { expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import { judgeKeys, type KeyFacts } from '../../../src/host/judge-keys.ts';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 10, 12);
const before = '2026-01-09T12:00:00.000Z';
const later = '2026-01-10T11:00:00.000Z';

const found = (fields: Partial<KeyFacts> & { readonly inDays: number }): string | undefined => {
  const { inDays, ...uses } = fields;
  const [finding] = judgeKeys([{ stanza: 'alice', until: unixMs(NOW + inDays * DAY), ...uses }], unixMs(NOW));
  return finding && `${finding.severity} ${finding.tag}`;
};

test.each([
  [undefined, { inDays: 20 }],
  ['note old-key-used', { inDays: 20, oldUsed: later }],
  ['note old-key-used', { inDays: 20, oldUsed: later, newUsed: before }],
  ['note old-key-unneeded', { inDays: 20, newUsed: later }],
  ['note old-key-unneeded', { inDays: 5, oldUsed: before, newUsed: later }],
  ['warning old-key-ends', { inDays: 7 }],
  ['warning old-key-ends', { inDays: 1 / DAY, oldUsed: later, newUsed: before }],
  ['note old-key-over', { inDays: 0, oldUsed: later }],
  ['note old-key-over', { inDays: -3, newUsed: later }],
])('%s: %j', (wanted, facts) => {
  expect(found(facts)).toBe(wanted);
});

test('the sentence names stanza, end and what to do', () => {
  const [finding] = judgeKeys([{ stanza: 'alice', until: unixMs(NOW + DAY), oldUsed: before }], unixMs(NOW));
  expect(finding?.message).toBe(
    'the old key of [access alice] ends at 2026-01-11 12:00:00 UTC, and its client still uses it',
  );
  expect(finding?.cure).toContain('spa-keys invite');
});
