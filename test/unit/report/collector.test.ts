import { describe, expect, test } from 'vitest';
import { unixMs } from '../../../src/base/units.ts';
import { parseAuditLine } from '../../../src/report/audit-entry.ts';
import { Collector, type Period } from '../../../src/report/collector.ts';
import type { Figures } from '../../../src/report/figures.ts';
import { LineCutter, MAX_LINE } from '../../../src/report/line-cutter.ts';
import { TopTable } from '../../../src/report/top-table.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 10, 20, 8) + second * 1000).toISOString();

const figuresOf = (lines: readonly object[], period?: Period): Figures => {
  const collector = new Collector(period);
  for (const line of lines) collector.take(JSON.stringify(line));
  return collector.finish();
};

const grant = { stanza: 'alice', format: 'native', source: '192.0.2.9', allow: '192.0.2.9', ports: ['tcp/22'] };
const about = { stanza: grant.stanza, allow: grant.allow, ports: grant.ports };

describe('grants', () => {
  test('from begin to end, extended on the way', () => {
    const { grants, clients } = figuresOf([
      { time: at(0), event: 'granted', ...grant, until: at(30) },
      { time: at(10), event: 'extended', ...grant, until: at(40) },
      { time: at(40), event: 'expired', ...about, until: at(40) },
      { time: at(60), event: 'granted', ...grant, until: at(90) },
      { time: at(65), event: 'revoked', ...about, reason: 'operator' },
    ]);
    expect(grants.all).toBe(2);
    expect(grants.latest[0]).toMatchObject({ begun: Date.parse(at(60)), how: 'revoked: operator', extended: 0 });
    expect(grants.latest[1]).toMatchObject({
      ...{ stanza: 'alice', source: '192.0.2.9', allow: '192.0.2.9', ports: 'tcp/22' },
      ...{ until: Date.parse(at(40)), ended: Date.parse(at(40)), how: 'expired', extended: 1 },
    });
    expect(clients.rows).toMatchObject([{ stanza: 'alice', granted: 2, extended: 1, refused: 0 }]);
    const open = clients.rows[0]?.open.reduce((sum, { value }) => sum + value, 0);
    expect(open).toBe(45_000);
  });

  test('of one address and port, forwarded to two hosts, are two', () => {
    const [one, other] = ['10.0.0.5:22', '10.0.0.6:22'];
    const { grants } = figuresOf([
      { time: at(0), event: 'granted', ...grant, forward: one, until: at(30) },
      { time: at(1), event: 'granted', ...grant, forward: other, until: at(90) },
      { time: at(30), event: 'expired', ...about, forward: one, until: at(30) },
      { time: at(40), event: 'revoked', ...about, forward: other, reason: 'operator' },
    ]);
    expect(grants.latest.map(({ ended }) => ended)).toEqual([Date.parse(at(40)), Date.parse(at(30))]);
  });

  test('one without an end in the log is open to its own end or that of the log', () => {
    const { clients, grants } = figuresOf([
      { time: at(0), event: 'granted', ...grant, until: at(30) },
      { time: at(0), event: 'granted', ...grant, stanza: 'bob', until: at(900) },
      { time: at(100), event: 'reloaded' },
    ]);
    expect(grants.latest.map(({ ended }) => ended)).toEqual([undefined, undefined]);
    const open = clients.rows.map(({ open: points }) => points.reduce((sum, { value }) => sum + value, 0));
    expect(open).toEqual([30_000, 100_000]);
  });
});

describe('refusals', () => {
  test('by reason and by source; counters tell what has no line', () => {
    const refused = { event: 'rejected', stanza: 'alice', format: 'native' };
    const { refusals, rates } = figuresOf([
      { time: at(0), event: 'started' },
      { time: at(1), ...refused, source: '192.0.2.9', reason: 'stale' },
      { time: at(2), ...refused, source: '192.0.2.9', reason: 'replayed' },
      { time: at(3), ...refused, source: '2001:db8::1', reason: 'stale' },
      { time: at(60), event: 'counted', counts: { stale: 9, replayed: 1, unlogged: 7, 'unknown-hint': 100 } },
      {
        time: at(120),
        event: 'counted',
        counts: { stale: 9, replayed: 1, unlogged: 7, 'unknown-hint': 150, sieved: 4 },
      },
    ]);
    expect(refusals).toMatchObject({ all: 3, unlogged: 7, sources: 2, forgotten: 0 });
    expect(refusals.byReason).toEqual([
      { reason: 'stale', lines: 2, counted: 9 },
      { reason: 'replayed', lines: 1, counted: 1 },
      { reason: 'unknown-hint', lines: 0, counted: 150 },
      { reason: 'sieved', lines: 0, counted: 4 },
    ]);
    expect(refusals.bySource[0]).toMatchObject({
      source: '192.0.2.9',
      refused: 2,
      reasons: [
        ['stale', 1],
        ['replayed', 1],
      ],
      stanzas: ['alice'],
    });
    expect(rates.nobodys.map(({ value }) => value)).toEqual([100, 54]);
  });

  test('counters begin anew with the daemon, and those of a log that begins midway are where it begins', () => {
    const { refusals } = figuresOf([
      { time: at(0), event: 'counted', counts: { sieved: 1000 } },
      { time: at(60), event: 'counted', counts: { sieved: 1001 } },
      { time: at(70), event: 'started' },
      { time: at(130), event: 'counted', counts: { sieved: 5 } },
    ]);
    expect(refusals.byReason).toEqual([{ reason: 'sieved', lines: 0, counted: 6 }]);
  });
});

describe('the daemon', () => {
  test('a start without the end of the run before is a trouble', () => {
    const { daemon } = figuresOf([
      { time: at(0), event: 'started' },
      { time: at(10), event: 'stopped', counts: {} },
      { time: at(20), event: 'started' },
      { time: at(25), event: 'repaired' },
      { time: at(40), event: 'started' },
      { time: at(45), event: 'reloaded', reason: 'bad-configuration', detail: 'spad.conf:3: …' },
    ]);
    expect(daemon).toMatchObject({ starts: 3, withoutEnd: 1, troubles: 3 });
    expect(daemon.latest.map(({ event, isTrouble }) => [event, isTrouble])).toEqual([
      ['reloaded', true],
      ['started', false],
      ['vanished', true],
      ['repaired', true],
      ['started', false],
      ['stopped', false],
      ['started', false],
    ]);
    expect(daemon.ran.reduce((sum, { value }) => sum + value, 0)).toBe(20_000);
  });

  test('delays are the worst of each step', () => {
    const { delay } = figuresOf([
      { time: at(0), event: 'counted', counts: {}, delay: { max: 5, p99: 2 } },
      { time: at(0), event: 'counted', counts: {}, delay: { max: 3, p99: 2.5 } },
    ]);
    expect([delay.max[0]?.value, delay.p99[0]?.value]).toEqual([5, 2.5]);
  });
});

describe('lines', () => {
  test.each([
    ...['', '{', '[]', 'null', '7', '{"event":"granted"}', '{"time":"2026-11-20T08:00:00.000Z"}'],
    ...['{"time":"yesterday","event":"x"}', '{"time":"2026-13-20T08:00:00Z","event":"x"}', '{"time":5,"event":"x"}'],
    '{"time":"9026-11-20T08:00:00.000Z","event":"granted"}',
  ])('%s is no audit line', (line) => {
    expect(parseAuditLine(line)).toBeUndefined();
  });

  test('the damaged, the unknown and those outside the period are counted', () => {
    const collector = new Collector({ since: unixMs(Date.parse(at(10))), until: unixMs(Date.parse(at(20))) });
    for (const second of [9, 10, 19, 20]) collector.take(JSON.stringify({ time: at(second), event: 'reloaded' }));
    for (const line of ['{"half', undefined, '']) collector.take(line);
    collector.take(JSON.stringify({ time: at(15), event: 'sang' }));
    expect(collector.finish()).toMatchObject({
      ...{ lines: 7, damaged: 2, outside: 2, unknown: 1, events: { reloaded: 2 } },
      range: { from: Date.parse(at(10)), to: Date.parse(at(19)) },
    });
  });

  test('are cut wherever the pieces end; one too long is let go', () => {
    const cutter = new LineCutter();
    const pieces = ['a', 'b\nc', '\n', 'x'.repeat(MAX_LINE), 'y\n', 'z'.repeat(MAX_LINE + 1), '\nend'];
    const lines = [...pieces.flatMap((piece) => cutter.push(piece)), ...cutter.end()];
    expect(lines).toEqual(['ab', 'c', undefined, undefined, 'end']);
  });
});

test('a log of any length takes the same room: steps grow, rare names go', () => {
  const collector = new Collector();
  const start = Date.UTC(2026, 0, 1);
  for (let hour = 0; hour < 30_000; hour += 1)
    collector.take(
      JSON.stringify({
        ...{ time: new Date(start + hour * 3_600_000).toISOString(), event: 'rejected', reason: 'stale' },
        ...{ stanza: 'alice', source: hour % 3 === 0 ? 'often' : `rare-${String(hour)}` },
      }),
    );
  const { refusals, rates, step } = collector.finish();
  expect(refusals.bySource[0]).toMatchObject({ source: 'often', refused: 10_000 });
  expect(refusals.bySource).toHaveLength(25);
  expect(refusals.forgotten).toBeGreaterThan(0);
  expect(rates.refused.length).toBeLessThanOrEqual(480);
  expect(rates.refused.length).toBeGreaterThan(200);
  expect(rates.refused.reduce((sum, { value }) => sum + value, 0)).toBe(30_000);
  expect(step).toBeGreaterThan((30_000 * 3_600_000) / 481);
}, 60_000);

test('a full table keeps those that came often', () => {
  const table = new TopTable(4, () => ({ count: 0 }));
  for (const name of ['a', 'a', 'a', 'b', 'b', 'c', 'd', 'e']) table.count(name);
  expect(table.top(2).map(([name, { count }]) => [name, count])).toEqual([
    ['a', 3],
    ['b', 2],
  ]);
  expect(table.size).toBe(3);
  expect(table.forgotten).toBe(2);
});
