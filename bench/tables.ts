/** The answers as tables. */
import type { LatencyLine, LatencyReport } from './latency.ts';
import { PACKETS, type StartLine, type StartReport } from './start.ts';
import { figure, type Table } from './table.ts';

export function latencyTable(report: LatencyReport): Table {
  const [base] = report.lines;
  const head = ['packet → port open', 'p50 ms', 'p99 ms', 'min ms', 'max ms', 'p50 ratio', 'first ms', 'lost'];
  return {
    title: `Latency: ${report.packets} packets for each daemon, in turns`,
    head,
    rows: report.lines.map((line) => latencyRow(line, base)),
    notes: [floorNote(report)],
  };
}

function latencyRow(line: LatencyLine, base: LatencyLine | undefined): string[] {
  const { latency, first, lost } = line;
  if (latency === undefined) return [line.name, '–', '–', '–', '–', '–', '–', String(lost)];
  const figures = [latency.median, latency.p99, latency.min, latency.max].map(figure);
  const ratio = base?.latency === undefined ? '–' : `${figure(latency.median / base.latency.median)}×`;
  return [line.name, ...figures, ratio, first === null ? '–' : figure(first), String(lost)];
}

/** The measuring floor of each daemon's host. */
function floorNote(report: LatencyReport): string {
  const microseconds = (value: number | null): string => (value === null ? '?' : (value * 1000).toFixed(0));
  const floors = report.lines.map(
    (line) => `${microseconds(line.roundTrip)} and ${microseconds(line.probeInterval)} µs (${line.name})`,
  );
  return `Floor, round trip to an open port and time between two probes: ${floors.join('; ')}.`;
}

export function startTable(report: StartReport): Table {
  const { namespaceEntry } = report;
  return {
    title: `Start: ${report.starts} starts of each daemon, in turns, medians`,
    head: ['start and memory', 'ready ms', 'min–max ms', 'MB ready', `MB after ${PACKETS} packets`, 'handled'],
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
