/** The answer to "latency" as a table. */
import type { Plot } from '../plot/plot.ts';
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

/** Points on the line: more would hide each other. */
const SHOWN = [0, 10, 25, 50, 75, 90, 95, 99, 100];

/** @param name of the file */
export function latencyPlot({ packets, lines }: LatencyReport, name: string, title: string): Plot {
  return {
    name,
    title,
    description: `Latency from packet to open port of ${packets} packets for each daemon, by the share of packets that were as fast.`,
    x: { label: '% of the packets are as fast', scale: 'linear' },
    y: { label: 'milliseconds from packet to open port', scale: 'log' },
    series: lines
      .filter(({ quantiles }) => quantiles.length > 0)
      .map((line) => ({
        name: line.name,
        points: SHOWN.map((percent) => ({ x: percent, y: line.quantiles[percent] ?? Number.NaN })),
      })),
  };
}
