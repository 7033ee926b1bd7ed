/** The answer to "latency" as a table. */
import type { LatencyLine, LatencyReport } from './measure.ts';
import { figure, type Table } from '../table.ts';

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
