/** The answer to "survival" as a table and plots. */
import type { Plot, Series } from '../plot/plot.ts';
import { figure, type Table } from '../table.ts';
import { TIMEOUT_MS } from './honest-sender.ts';
import type { SurvivalLine, SurvivalReport } from './survival.ts';

export function survivalTable({ lines, rounds, sieve, fwknopd }: SurvivalReport): Table {
  return {
    title: `Survival: honest packets that open within a second, during a flood of junk; ${String(rounds)} rounds together`,
    head: ['daemon', 'junk/s wanted', 'reached', 'opened', 'share', 'p50 ms', 'p99 ms', 'max ms'],
    rows: lines.map(row),
    notes: [
      'Junk: the right size, random, to the SPA port, from a million sources in turn.',
      ...(sieve ? [] : ["The kernel's sieve (capture = nflog) is not to be had here."]),
      ...(fwknopd === undefined ? ['fwknopd is not installed.'] : []),
    ],
  };
}

function row({ name, rate, reached, latencies }: SurvivalLine): string[] {
  const opened = latencies.filter((latency) => latency !== null).length;
  const quantiles = [0.5, 0.99, 1].map((share) => quantile(latencies, share));
  return [
    name,
    rate === 0 ? 'no flood' : String(rate),
    rate === 0 ? '–' : Math.round(Math.min(...reached)).toString(),
    `${String(opened)} of ${String(latencies.length)}`,
    `${(openedShare(latencies) * 100).toFixed(opened === latencies.length ? 0 : 1)} %`,
    ...quantiles.map((value) => (Number.isFinite(value) ? figure(value) : `> ${String(TIMEOUT_MS)}`)),
  ];
}

/** 0 to 1. */
export const openedShare = (latencies: readonly (number | null)[]): number =>
  latencies.length === 0 ? 0 : latencies.filter((latency) => latency !== null).length / latencies.length;

/** The latency that `share` of all packets do not exceed; what was lost took for ever. */
export function quantile(latencies: readonly (number | null)[], share: number): number {
  const sorted = latencies.map((latency) => latency ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil(sorted.length * share) - 1, 0)] ?? Number.POSITIVE_INFINITY;
}

export function survivalPlots({ lines }: SurvivalReport): Plot[] {
  const x = { label: 'junk packets a second', scale: 'log' } as const;
  const seriesOf = (y: (line: SurvivalLine) => number): Series[] =>
    [...new Set(lines.map(({ name }) => name))].map((name) => ({
      name,
      points: lines
        .filter((line) => line.name === name && line.rate > 0)
        .map((line) => ({ x: Math.round(Math.min(...line.reached)), y: y(line) })),
    }));
  return [
    {
      name: 'survival-share',
      title: 'Honest packets that open within a second, during a flood',
      description: 'The share of honest packets that open their port within a second, by junk packets a second.',
      ...{
        x,
        y: { label: '% of honest packets', scale: 'linear' },
        series: seriesOf(({ latencies }) => openedShare(latencies) * 100),
      },
    },
    {
      name: 'survival-latency',
      title: 'Latency of honest packets during a flood, 99th percentile',
      description: 'What 99 of 100 honest packets do not exceed, by junk packets a second; a second stands for lost.',
      ...{ x, y: { label: 'ms, packet → port open', scale: 'log' } },
      series: seriesOf(({ latencies }) => Math.min(quantile(latencies, 0.99), TIMEOUT_MS)),
    },
  ];
}
