/** The answers to "firewall" as tables. */
import type { Plot } from '../plot/plot.ts';
import { figure, type Table, thousands } from '../table.ts';
import type { FirewallReport, OneGrant } from './report.ts';

/** Milliseconds, to a hundredth of one. */
const oneGrant = (times: OneGrant | undefined): string =>
  times === undefined ? 'left out' : [times.open, times.extend, times.close].map(figure).join(' / ');

export function firewallTables(report: FirewallReport): readonly Table[] {
  return [grantTable(report), connectionTable(report)];
}

function grantTable({ size, lines, missing }: FirewallReport): Table {
  return {
    title: 'One grant beside many: to open / extend / close it, ms, medians',
    head: ['back-end', ...size.grants.map((count) => `${thousands(count)} live`)],
    rows: lines.map(({ name, grants }) => [name, ...grants.map(oneGrant)]),
    notes: [
      'Left out: making so many would take minutes, or more than anybody has.',
      ...missing.map(({ name, why }) => `Not measured here: ${name} (${why}).`),
    ],
  };
}

function connectionTable({ size, lines, bare }: FirewallReport): Table {
  const share = (value: number | undefined): string => (value === undefined ? 'left out' : `${figure(value)}×`);
  return {
    title: 'New connections past the guard, against a host without any firewall, medians of turns',
    head: ['back-end', ...size.crowds.map((crowd) => `${thousands(crowd)} live`)],
    rows: lines.map(({ name, connections }) => [name, ...connections.map(share)]),
    notes: [`1.00× is as many as without a firewall: ${thousands(Math.round(bare))} a second, one after another.`],
  };
}

/** Opening one grant beside many. */
export function firewallPlot({ size, lines }: FirewallReport): Plot {
  return {
    name: 'firewall',
    title: 'To open one grant beside many',
    description: 'Time to open one grant over the number of live grants, for each back-end.',
    x: { label: 'live grants', scale: 'log' },
    y: { label: 'milliseconds', scale: 'log' },
    series: lines.map(({ name, grants }) => ({
      name,
      points: grants.flatMap((times, index) =>
        times === undefined ? [] : [{ x: size.grants[index] ?? 0, y: times.open }],
      ),
    })),
  };
}
