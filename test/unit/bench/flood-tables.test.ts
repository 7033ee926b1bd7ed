/** What the answers to the questions with a flood say of given measurements; every expectation is worked out by hand. */
import { describe, expect, test } from 'vitest';
import { junkOf, JUNK_KINDS } from '../../../bench/flood/junk.ts';
import type { JunkReport } from '../../../bench/flood/junk-cost.ts';
import { junkPlots, junkTables, ratio } from '../../../bench/flood/junk-table.ts';
import { growth, memoryTable } from '../../../bench/flood/memory-table.ts';
import { openedShare, quantile, survivalPlots, survivalTable } from '../../../bench/flood/survival-table.ts';

describe('junk', () => {
  const genuine = Uint8Array.from({ length: 176 }, (_, index) => index);

  test.each(JUNK_KINDS)('of the kind %s goes where it should, as long as it should be', (kind) => {
    const { port, payloads, varied } = junkOf(kind, genuine);
    expect(port === 62_201).toBe(kind !== 'other-port');
    const lengths = new Set(payloads.map(({ length }) => length));
    if (kind === 'wrong-size') expect([176, 432, 1200].some((size) => lengths.has(size))).toBe(false);
    else if (kind === 'text') expect([...lengths]).toEqual([204]);
    else expect([...lengths]).toEqual([176]);
    expect(varied).toBeLessThanOrEqual(Math.min(...lengths));
  });

  test('with a wrong MAC keeps all but the MAC, and a replay keeps all', () => {
    expect(junkOf('wrong-mac', genuine)).toMatchObject({ payloads: [genuine], varied: 32 });
    expect(junkOf('replay', genuine)).toMatchObject({ payloads: [genuine], varied: 0 });
  });
});

const cost = (
  microseconds: number,
  seen: number | undefined,
): { microseconds: number; seen: number | undefined; sender: number } => ({
  microseconds,
  seen,
  sender: 3,
});

const REPORT: JunkReport = {
  rounds: 2,
  columns: [
    { kind: 'reader', clients: 0 },
    { kind: 'callback', clients: 0 },
    { kind: 'pcap', clients: 1 },
    { kind: 'pcap', clients: 10_000 },
    { kind: 'nflog', clients: 1 },
  ],
  rows: [
    {
      kind: 'random',
      load: { count: 1000, rate: 500 },
      costs: [
        [cost(0.2, 1), cost(0.4, 1)],
        [cost(0.5, 1), cost(1.5, 1)],
        [cost(1.2, 1), cost(1.4, 0.9996)],
        [cost(2, 1), cost(2, 1)],
        [cost(0, 0), cost(0, 0)],
      ],
      nobody: [2, 4],
    },
  ],
  texts: [{ stanzas: 100, spad: [20], fwknopd: [250] }],
  textLoad: { count: 10, rate: 5 },
  sieve: true,
  fwknopd: '2.6.10',
  knockd: undefined,
};

describe('the answer to "junk"', () => {
  const [costs, sender, texts] = junkTables(REPORT);

  test('has medians with their spread, and ratios to the empty callback', () => {
    expect(costs?.rows).toEqual([
      ['libpcap in C', '0.30 (0.20–0.40)'],
      ['empty callback', '1.00 (0.50–1.50)'],
      ['spad, pcap, 1 client', '1.30 (1.20–1.40)'],
      ['spad, pcap, 10000 clients', '2.00'],
      ['spad, nflog, 1 client', '0.00'],
      ['spad, pcap, 1 client : empty callback', '1.30×'],
      ['spad, pcap, 10000 clients : empty callback', '2.00×'],
    ]);
  });

  test('says how much came to a process, and never that all did where some were lost', () => {
    expect(costs?.notes.join(' ')).toContain('99.9 %–100 % (spad, pcap, 1 client)');
    expect(costs?.notes.join(' ')).toContain('0 %–0 % (spad, nflog, 1 client)');
  });

  test("has the sender's time, and fwknopd beside spad", () => {
    expect(sender?.rows[0]).toEqual(['nobody captures', '3.00 (2.00–4.00)']);
    expect(texts?.rows).toEqual([['100', '20.0', '250', '12.5×']]);
  });

  test('has no ratio to what is as good as nothing', () => {
    expect(ratio([1], [0])).toBe('–');
    expect(ratio([], [1])).toBe('–');
  });

  test('draws the floors as far as there are clients', () => {
    const [plot] = junkPlots(REPORT);
    expect(plot?.series.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])])).toEqual([
      [
        'libpcap in C',
        [
          [1, 0.30000000000000004],
          [10_000, 0.30000000000000004],
        ],
      ],
      [
        'empty callback',
        [
          [1, 1],
          [10_000, 1],
        ],
      ],
      [
        'spad, pcap',
        [
          [1, 1.2999999999999998],
          [10_000, 2],
        ],
      ],
      ['spad, nflog', [[1, 0]]],
    ]);
  });
});

describe('the answer to "survival"', () => {
  const many = Array.from({ length: 99 }, (_, index) => index + 1);

  test('a lost packet has taken for ever', () => {
    expect(openedShare([...many, null])).toBe(0.99);
    expect(quantile([...many, null], 0.5)).toBe(50);
    expect(quantile([...many, null], 0.99)).toBe(99);
    expect(quantile([...many, null], 1)).toBe(Number.POSITIVE_INFINITY);
  });

  test('nothing measured is nothing opened', () => {
    expect(openedShare([])).toBe(0);
    expect(quantile([], 0.5)).toBe(Number.POSITIVE_INFINITY);
  });

  const report = {
    rounds: 2,
    sieve: false,
    fwknopd: '2.6.10',
    lines: [
      { name: 'spad, pcap', rate: 0, reached: [0, 0], latencies: [2, 3] },
      { name: 'spad, pcap', rate: 50_000, reached: [49_999.6, 40_000.2], latencies: [4, null, 8, 6] },
      { name: 'fwknopd, pcap', rate: 50_000, reached: [50_000, 50_000], latencies: [null, null] },
    ],
  };

  test('has the rate that was reached in the worst round', () => {
    expect(survivalTable(report).rows).toEqual([
      ['spad, pcap', 'no flood', '–', '2 of 2', '100 %', '2.00', '3.00', '3.00'],
      ['spad, pcap', '50000', '40000', '3 of 4', '75.0 %', '6.00', '> 1000', '> 1000'],
      ['fwknopd, pcap', '50000', '50000', '0 of 2', '0.0 %', '> 1000', '> 1000', '> 1000'],
    ]);
  });

  test('is drawn by that rate, without what had no flood', () => {
    const [share, latency] = survivalPlots(report);
    expect(share?.series).toEqual([
      { name: 'spad, pcap', points: [{ x: 40_000, y: 75 }] },
      { name: 'fwknopd, pcap', points: [{ x: 50_000, y: 0 }] },
    ]);
    expect(latency?.series.flatMap(({ points }) => points.map(({ y }) => y))).toEqual([1000, 1000]);
  });
});

describe('the answer to "memory"', () => {
  test('growth is to the most that was seen, during the flood or after it', () => {
    expect(growth(100, 104.5, 101)).toBe('+4.50');
    expect(growth(100, 100, 112)).toBe('+12.0');
    expect(growth(100, 98, 97.5)).toBe('−2.00');
  });

  test('has a line for each daemon and kind', () => {
    const line = { ready: 120, before: 130, most: 134, after: 131, packets: 1_048_576, perSecond: 99_900 };
    const table = memoryTable({
      ...{ sources: 1_048_576, warmUp: 50_000, rate: 100_000 },
      lines: [{ name: 'spad, pcap', kind: 'random', ...line }],
    });
    expect(table.title).toContain('a flood from 1048576 sources');
    expect(table.notes).toEqual([expect.stringContaining('after 50000 packets of the same junk from one source')]);
    expect(table.rows).toEqual([['spad, pcap', 'right size, random', '120', '130', '134', '131', '+4.00', '99.9']]);
  });
});
