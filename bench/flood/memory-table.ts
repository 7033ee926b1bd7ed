/** The answer to "memory" as a table. */
import type { Bars } from '../plot/plot.ts';
import { figure, type Table } from '../table.ts';
import { KIND_NAMES } from './junk.ts';
import type { MemoryReport } from './memory.ts';

export function memoryTable({ lines, sources, warmUp }: MemoryReport): Table {
  return {
    title: `Memory: a flood from ${String(sources)} sources, MB resident`,
    head: ['daemon', 'junk', 'ready', 'before', 'most during', 'after', 'growth', 'thousand/s'],
    rows: lines.map(({ name, kind, ready, before, most, after, perSecond }) => [
      name,
      KIND_NAMES[kind],
      ...[ready, before, most, after].map(figure),
      growth(before, most, after),
      figure(perSecond / 1000),
    ]),
    notes: [
      'Growth is from before the flood to whichever is more, the most during it or after it. Before: after ' +
        `${String(warmUp)} packets of the same junk from one source.`,
    ],
  };
}

export function growth(before: number, most: number, after: number): string {
  const difference = Math.max(most, after) - before;
  return `${difference < 0 ? '−' : '+'}${figure(Math.abs(difference))}`;
}

export function memoryPlot({ lines, sources }: MemoryReport): Bars {
  return {
    name: 'memory',
    title: `Memory: the most during and after a flood from ${String(sources)} sources`,
    description:
      'Resident megabytes of spad, fwknopd and knockd, the most during a flood or after it; the line begins at what it was before.',
    axis: { label: 'MB resident', scale: 'linear' },
    bars: lines.map(({ name, kind, before, most, after }) => {
      const value = Math.max(most, after);
      return { name: `${name}: ${KIND_NAMES[kind]}`, value, low: before, high: value };
    }),
  };
}
