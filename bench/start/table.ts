/** The answer to "start" as a table. */
import type { Bars } from '../plot/plot.ts';
import { figure, type Table } from '../table.ts';
import type { StartLine, StartReport } from './measure.ts';

export function startTable(report: StartReport): Table {
  const { namespaceEntry } = report;
  return {
    title: `Start: ${report.starts} starts of each daemon, in turns, medians`,
    head: ['start and memory', 'ready ms', 'min–max ms', 'MB ready', `MB after ${report.packets} packets`, 'handled'],
    rows: report.lines.map(startRow),
    notes: [
      'spad: total (authorizer + receiver).',
      `Entering the namespace is part of each start: ${figure(namespaceEntry.median)} ms for a program that does nothing.`,
    ],
  };
}

function startRow(line: StartLine): string[] {
  const { ready } = line;
  return [
    line.name,
    figure(ready.median),
    `${figure(ready.min)}–${figure(ready.max)}`,
    memory(line.memoryReady),
    memory(line.memoryAfter),
    `${(line.handledShare * 100).toFixed(line.handledShare === 1 ? 0 : 1)} %`,
  ];
}

function memory(processes: readonly number[]): string {
  const total = figure(processes.reduce((sum, one) => sum + one, 0));
  return processes.length === 1 ? total : `${total} (${processes.map(figure).join(' + ')})`;
}

export function startPlot({ lines }: StartReport): Bars {
  return {
    name: 'start',
    title: 'Start: from the command to "ready"',
    description:
      'Milliseconds from the command to readiness of spad and fwknopd, the median and the least and most of all starts.',
    axis: { label: 'milliseconds', scale: 'linear' },
    bars: lines.map(({ name, ready: { median, min, max } }) => ({ name, value: median, low: min, high: max })),
  };
}
