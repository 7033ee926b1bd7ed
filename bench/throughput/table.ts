/** The answer to "throughput" as a table. */
import type { Bars } from '../plot/plot.ts';
import { figure, type Table, thousands } from '../table.ts';
import type { ThroughputLine, ThroughputReport } from './measure.ts';

/** Ratios are to the last line: fwknopd, where it is there. */
export function throughputTable({ rounds, lines }: ThroughputReport): Table {
  const base = lines.at(-1);
  return {
    title: `Throughput: valid packets a second with real grants; ${rounds} rounds of each daemon, in turns`,
    head: ['packets granted a second', 'median', 'min', 'max', 'ratio', 'packets', 'lost'],
    rows: lines.map((line) => row(line, base)),
    notes: [
      'Each packet for an address of its own; spad remembers it on disk before its port opens, fwknopd does not sync.',
    ],
  };
}

function row(
  { name, packets, perSecond: { median, min, max }, lost }: ThroughputLine,
  base: ThroughputLine | undefined,
): string[] {
  const ratio = base === undefined ? '–' : `${figure(median / base.perSecond.median)}×`;
  return [name, ...[median, min, max].map(thousands), ratio, thousands(packets), String(lost)];
}

export function throughputPlot({ lines }: ThroughputReport): Bars {
  return {
    name: 'throughput',
    title: 'Throughput: valid packets a second, with real grants',
    description: 'Valid packets granted a second by spad and fwknopd, the median and the least and most of all rounds.',
    axis: { label: 'packets granted a second', scale: 'linear' },
    bars: lines.map(({ name, perSecond: { median, min, max } }) => ({ name, value: median, low: min, high: max })),
  };
}
