/** The parts of the live view: rates, sparklines, refusals, which grants are shown, and how rows are shared out. */
import { describe, expect, test } from 'vitest';
import { steadyMs } from '../../../src/base/units.ts';
import { RateBook } from '../../../src/control/rates.ts';
import { RefusalBook } from '../../../src/control/refusal-book.ts';
import { sparkline } from '../../../src/control/sparkline.ts';
import { readWatchAnswer, soonest } from '../../../src/control/watch-answer.ts';
import { shareRows } from '../../../src/control/watch-page.ts';
import { grantOf } from '../values.ts';
import { STATUS } from './status-values.ts';

test('rates are what counters have grown by in each second, evenly between samples, and add up', () => {
  const book = new RateBook(steadyMs(0));
  book.sample(steadyMs(58_000), { granted: 0, old: 5, late: 0 });
  book.sample(steadyMs(61_000), { granted: 6, old: 5, late: 0 });
  const series = book.series(steadyMs(62_000), { granted: 6, old: 5, late: 10 });
  // What has not grown since is no part of the last minute.
  expect(Object.keys(series)).toEqual(['granted', 'late']);
  expect(series['granted']?.slice(-5)).toEqual([0, 2, 2, 2, 0]);
  expect(series['late']?.slice(-5)).toEqual([0, 0, 0, 0, 10]);
  expect(book.series(steadyMs(200_000), { granted: 6, old: 5, late: 0 })).toEqual({});
});

describe('a sparkline', () => {
  test.each([
    [[], 10, ''],
    [[0, 0, 0], 10, '___'],
    [[0, 1, 7], 10, '_.#'],
    [[0, 0, 7, 0, 0, 1], 3, '_#.'],
    [[1000, 1], 10, '#.'],
    [[1, 2], 0, ''],
  ])('of %j in %d columns', (values, width, text) => {
    expect(sparkline(values, width, '_.:-=+*#')).toBe(text);
  });
});

test('refusals are counted by source, client and reason, the latest first, and the oldest go', () => {
  const book = new RefusalBook();
  const refuse = (source: string, reason: string, time: string): void =>
    book.add({ time, event: 'rejected', stanza: 'bob', source, reason });
  refuse('192.0.2.1', 'stale', '1');
  refuse('192.0.2.1', 'replayed', '2');
  refuse('192.0.2.1', 'stale', '3');
  book.add({ time: '4', event: 'granted', stanza: 'bob', source: '192.0.2.1' });
  expect(book.list()).toEqual([
    { source: '192.0.2.1', client: 'bob', reason: 'stale', count: 2, time: '3' },
    { source: '192.0.2.1', client: 'bob', reason: 'replayed', count: 1, time: '2' },
  ]);
  for (let number = 0; number < 1000; number += 1) refuse(`10.0.0.${String(number)}`, 'stale', '5');
  expect(book.list()).toHaveLength(256);
  expect(book.list()[0]?.source).toBe('10.0.0.999');
});

test('of many grants those that end soonest are shown', () => {
  const grants = Array.from({ length: 5000 }, (_, index) => grantOf('192.0.2.9', 'tcp/22', (index * 7919) % 5000));
  const shown = soonest(grants, 200, steadyMs(100)).map(({ ends }) => Number(ends));
  expect([...shown].sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, index) => 101 + index));
  expect(soonest(grants.slice(0, 3), 200, steadyMs(-1))).toHaveLength(3);
});

test('rows are shared out evenly, and what one section does not need others have', () => {
  expect(shareRows(10, [2, 100, 100])).toEqual([2, 4, 4]);
  expect(shareRows(100, [2, 3, 4])).toEqual([2, 3, 4]);
  expect(shareRows(-3, [2, 3])).toEqual([0, 0]);
});

test('an answer is read as it was written, and nothing else is', () => {
  const answer = { status: STATUS, grants: [], rates: { granted: [0, 1] } };
  expect(readWatchAnswer(JSON.parse(JSON.stringify(answer)))).toEqual(answer);
  expect(readWatchAnswer({ ...answer, rates: { granted: ['x'] } })).toBeUndefined();
});
