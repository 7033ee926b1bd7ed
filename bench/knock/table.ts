/** The answer to "knock" as a table: the measures below each other, the daemons side by side. */
import type { KnockReport, KnockRound, KnockSize } from './measure.ts';
import { type Summary, summarize } from '../summary.ts';
import type { Bars } from '../plot/plot.ts';
import { figure, type Table } from '../table.ts';

interface Measure {
  readonly name: string;
  /** What one round tells; all rounds together are summarized. */
  readonly values: (round: KnockRound) => readonly number[];
}

const measures = ({ honest, spoofed }: KnockSize): readonly Measure[] => [
  { name: 'last knock → command, ms', values: (round) => round.latencies },
  { name: 'processor per foreign packet, µs', values: (round) => [round.foreign.microseconds] },
  { name: 'processor per packet that does not advance, µs', values: (round) => [round.idleMatch.microseconds] },
  { name: 'processor per first knock, one source, µs', values: (round) => [round.firstKnock.microseconds] },
  { name: `paced flood from one source: opened of ${honest}`, values: (round) => [round.paced.opened] },
  { name: '  thousand packets a second', values: (round) => [round.paced.perSecond / 1000] },
  { name: `fastest flood from one source: opened of ${honest}`, values: (round) => [round.oneSource.opened] },
  { name: '  thousand packets a second', values: (round) => [round.oneSource.perSecond / 1000] },
  { name: `fastest flood from many sources: opened of ${honest}`, values: (round) => [round.manySources.opened] },
  { name: '  thousand packets a second', values: (round) => [round.manySources.perSecond / 1000] },
  { name: 'memory ready, MB', values: (round) => [round.memory.before] },
  { name: `memory after ${spoofed} spoofed first knocks, MB`, values: (round) => [round.memory.after] },
  { name: '  at the most, MB', values: (round) => [round.memory.peak] },
  { name: '  % of them logged', values: (round) => [(round.memory.seen * 100) / spoofed] },
];

export function knockTable(report: KnockReport): Table {
  const samples = (measure: Measure): number[][] => report.lines.map(({ rounds }) => rounds.flatMap(measure.values));
  return {
    title: `Knocks: ${report.rounds} rounds of each daemon, in turns; median (min–max)`,
    head: ['what', ...report.lines.map(({ name }) => name), ...(report.lines.length === 2 ? ['ratio'] : [])],
    rows: measures(report.size).map((measure) => row(measure.name, samples(measure))),
    notes: [
      `${report.knockd === undefined ? 'knockd is not installed' : `knockd ${report.knockd}`}; ` +
        `${report.size.sequences} sequences for the latency and ${report.size.packets} packets for each processor time in each round; ` +
        `did not open without a flood: ${report.lines.map(({ name, rounds }) => `${lost(rounds, report.size)} (${name})`).join(', ')}.`,
    ],
  };
}

/** The ratio is of the second daemon to the first. */
function row(name: string, samples: readonly (readonly number[])[]): string[] {
  const summaries = samples.map((sample) => (sample.length === 0 ? undefined : summarize(sample)));
  const cells = summaries.map((summary) => (summary === undefined ? '–' : spread(summary)));
  if (summaries.length < 2) return [name, ...cells];
  const [first, second] = summaries;
  const known = first !== undefined && second !== undefined && first.median >= 0.005;
  return [name, ...cells, known ? `${figure(second.median / first.median)}×` : '–'];
}

function spread({ median, min, max }: Summary): string {
  return min === max ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`;
}

function lost(rounds: readonly KnockRound[], { sequences }: KnockSize): number {
  return rounds.reduce((sum, round) => sum + sequences - round.latencies.length, 0);
}

export function knockPlot({ lines }: KnockReport): Bars {
  return {
    name: 'knock',
    title: 'Knocks: from the last one to the command',
    description:
      'Milliseconds from the last knock of a sequence to its command, of knockd and spad knockd: the median, the least and the most.',
    axis: { label: 'milliseconds', scale: 'linear' },
    bars: lines.flatMap(({ name, rounds }) => {
      const all = rounds.flatMap(({ latencies }) => latencies);
      if (all.length === 0) return [];
      const { median, min, max } = summarize(all);
      return [{ name, value: median, low: min, high: max }];
    }),
  };
}
