/** docs/report.md: what the page says of a small log. test/property/report.property.test.ts has any log. */
import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import { Collector, type Period } from '../../../src/report/collector.ts';
import { reportPage, type Title } from '../../../src/report/page.ts';
import { formatAbout, formatLength, timeTicks } from '../../../src/report/time-text.ts';

const START = Date.UTC(2026, 10, 20, 8);
const at = (second: number): string => new Date(START + second * 1000).toISOString();
const TITLE: Title = { files: ['audit.jsonl'], made: unixMs(START), troubles: [] };

/** The text of the page: no tags, one space for any white space. */
const textOf = (lines: readonly (object | string)[], title: Partial<Title> = {}, period?: Period): string => {
  const collector = new Collector(period);
  for (const line of lines) collector.take(typeof line === 'string' ? line : JSON.stringify(line));
  return reportPage(collector.finish(), { ...TITLE, ...title })
    .replace(/<style>[^]*<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');
};

const grant = { stanza: 'alice', format: 'native', source: '192.0.2.9', allow: '192.0.2.9', ports: ['tcp/22'] };
const granted = (second: number, more: object = {}): object => ({
  ...{ time: at(second), event: 'granted', ...grant, until: at(second + 30) },
  ...more,
});
const refused = (second: number, more: object = {}): object => ({
  ...{ time: at(second), event: 'rejected', stanza: 'alice', format: 'native', source: '192.0.2.66', reason: 'stale' },
  ...more,
});

describe('a log', () => {
  test('without a line says so', () => {
    const text = textOf([], { files: [] });
    expect(text).toContain('no time · no grant');
    expect(text).toContain('There is no line here that tells of anything.');
    expect(text).toContain('0 lines of no file.');
  });

  test('in which nothing was asked for', () => {
    const text = textOf([{ time: at(0), event: 'started' }]);
    expect(text).toContain('2026-11-20 08:00:00 to 2026-11-20 08:00:00, UTC · no grant');
    expect(text).toContain('None had anything to do.');
    expect(text).toContain('Refused Nothing was.');
    expect(text).toContain('Started 1 time.');
    expect(text).not.toContain('Grants');
    expect(text).not.toContain('that had most to do');
  });

  test('tells what was wrong with it', () => {
    const lines = ['{"half', granted(0), { time: at(1), event: 'sang' }, granted(500)];
    const text = textOf(lines, { troubles: ['audit.jsonl.2.gz: cut short'] }, { until: unixMs(START + 100_000) });
    expect(text).toContain('1 damaged lines');
    expect(text).toContain('4 lines of audit.jsonl; 1 of them damaged and left out; ');
    expect(text).toContain('1 of events that this version does not know; 1 outside the period that was asked for');
    expect(text).toContain('audit.jsonl.2.gz: cut short');
  });
});

test('of a period the counters before it are where those of the period begin', () => {
  const counted = (second: number, count: number): object => ({
    ...{ time: at(second), event: 'counted', counts: { sieved: count } },
  });
  const since = { since: unixMs(START + 100_000) };
  expect(textOf([counted(0, 1000), counted(200, 1007)], {}, since)).toContain('sieved – 7');
  expect(textOf([counted(0, 1000), { time: at(50), event: 'started' }, counted(200, 9)], {}, since)).toContain(
    'sieved – 9',
  );
});

describe('grants', () => {
  test('with all that is known of them', () => {
    const forward = { forward: '10.0.0.5:22' };
    const text = textOf([
      granted(0, forward),
      { ...granted(10, forward), event: 'extended' },
      { time: at(40), event: 'expired', stanza: 'alice', allow: '192.0.2.9', ports: ['tcp/22'], ...forward },
    ]);
    expect(text).toContain('tcp/22 → 10.0.0.5:22');
    expect(text).toContain('2026-11-20 08:00:40 (extended 1×) 2026-11-20 08:00:40 expired');
    expect(text).toContain('Grants 1, newest first');
  });

  test('with no more than is known', () => {
    const text = textOf([{ time: at(0), event: 'restored', stanza: 'bob', allow: '192.0.2.9' }]);
    expect(text).toContain('2026-11-20 08:00:00 bob – 192.0.2.9 – – –');
  });

  test('one that is granted anew ends the one before', () => {
    expect(textOf([granted(0), granted(60)])).toContain('2 opened');
    expect(textOf([granted(0), granted(60)])).not.toContain('no grant');
  });

  test('of many the latest are shown', () => {
    const lines = Array.from({ length: 201 }, (_, index) => granted(index, { stanza: `c${String(index)}` }));
    const text = textOf(lines);
    expect(text).toContain('the latest 200 of 201');
    expect(text).toContain('The 20 of them that had most to do.');
    expect(text).toMatch(/\d+ more that had less to do/);
  });
});

describe('refusals', () => {
  test('with their reasons and sources, and what was counted without a line', () => {
    const counted = (second: number, counts: object): object => ({ time: at(second), event: 'counted', counts });
    const text = textOf([
      { time: at(0), event: 'started' },
      refused(1),
      refused(2, { reason: 'no-word-of-ours' }),
      counted(60, { stale: 1, unlogged: 7, 'unknown-hint': 100 }),
    ]);
    expect(text).toContain('7 were counted and have no line, for there were too many at once.');
    expect(text).toContain('unknown-hint – 100');
    expect(text).toContain('no-word-of-ours 1 –');
    expect(text).toMatch(/192\.0\.2\.66 2 stale 1, no-word-of-ours 1 alice/);
    expect(text).not.toContain('more sources');
    // Nothing was open for the one client, so none is left out.
    expect(text).not.toContain('that had most to do');
  });

  test('by more sources than the table has room for', () => {
    const lines = Array.from({ length: 30 }, (_, index) => refused(index, { source: `192.0.2.${String(index)}` }));
    expect(textOf(lines)).toContain('5 more sources');
  });

  test('that were only counted have no table of sources', () => {
    const counts = [0, 5].map((count, index) => ({ time: at(index), event: 'counted', counts: { sieved: count } }));
    const text = textOf(counts);
    expect(text).toContain('sieved – 5');
    expect(text).not.toContain('Refused, by source');
  });
});

describe('the daemon', () => {
  test('its starts and the ends that were not', () => {
    const text = textOf([granted(0), ...[1, 2, 3].map((second) => ({ time: at(second), event: 'started' }))]);
    expect(text).toContain('Started 3 times; 3 times without the end of the run before.');
    expect(text).toContain('3 troubles');
  });

  test('how long nothing else could be done', () => {
    const delays = { time: at(0), event: 'counted', counts: {}, delay: { max: 5.4, p99: 2 } };
    expect(textOf([delays])).toContain('waited ≤ 5 ms 2026-11-20 08:00:00: 5 ms');
    expect(textOf([granted(0)])).not.toContain('waited');
  });
});

describe('numbers and times', () => {
  test.each([
    [90, '90 ms'],
    [28_000, '28 s'],
    [180_000, '3 min'],
    [9_000_000, '2.5 h'],
    [4 * 86_400_000, '4 d'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatLength(ms)).toBe(text);
  });

  test.each([
    [9_999_999, '9\u202f999\u202f999'],
    [145_100_000, '145.1 M'],
    [12_300_000_000, '12.3 G'],
  ])('%d is about %s', (count, text) => {
    expect(formatAbout(count)).toBe(text);
  });

  test('ticks are round times; where a day begins its date, of long spans with the year', () => {
    const labels = (from: number, length: number): string[] =>
      timeTicks(from, from + length, 4).map(({ label }) => label);
    expect(labels(START, 60_000)).toEqual(['08:00:00', '08:00:15', '08:00:30', '08:00:45', '08:01:00']);
    expect(labels(Date.UTC(2026, 10, 19, 18), 86_400_000)).toEqual(['18:00', '11-20', '06:00', '12:00', '18:00']);
    expect(labels(START, 300 * 86_400_000).every((label) => /^\d{4}-\d\d-\d\d$/.test(label))).toBe(true);
    expect(labels(START, 40_000 * 86_400_000).length).toBeGreaterThan(2);
    expect(timeTicks(5, 4, 4)).toEqual([]);
  });
});
