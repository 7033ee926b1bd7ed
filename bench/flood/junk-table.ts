/** The answer to "junk" as tables and a plot. */
import type { Plot, Point } from '../plot/plot.ts';
import { summarize } from '../summary.ts';
import { figure, type Table } from '../table.ts';
import { KIND_NAMES } from './junk.ts';
import type { Column, Cost, JunkReport, JunkRow } from './junk-cost.ts';

/** Less than this is nothing that can be measured, in microseconds. */
const NOTHING = 0.02;

export function junkTables(report: JunkReport): Table[] {
  const tables = [costTable(report), senderTable(report)];
  return report.texts.length === 0 ? tables : [...tables, textTable(report)];
}

const nameOf = ({ kind, clients }: Column): string => {
  switch (kind) {
    case 'reader':
      return 'libpcap in C';
    case 'callback':
      return 'empty callback';
    case 'knockd':
      return 'knockd';
    case 'pcap':
    case 'nflog':
      return `spad, ${kind}, ${clients === 1 ? '1 client' : `${String(clients)} clients`}`;
  }
};

/** Columns of the table are rows of the report: there are more of them. */
function costTable(report: JunkReport): Table {
  const { rows, columns, rounds } = report;
  return {
    title: `Junk: processor time per packet sent, µs, median (min–max) of ${String(rounds)}`,
    head: ['packet', ...rows.map(({ kind }) => KIND_NAMES[kind])],
    rows: [
      ...columns.map((column, index) => [nameOf(column), ...rows.map(({ costs }) => spread(micros(costs[index])))]),
      ...columns.flatMap((column, index) => ratioRow(report, column, index)),
    ],
    notes: [loadNote(rows), seenNote(report), ...absenceNotes(report)],
  };
}

/** To the empty callback in the same capture mode, which is what no receiver on this addon can be cheaper than. */
function ratioRow({ rows, columns }: JunkReport, column: Column, index: number): string[][] {
  if (column.kind !== 'pcap') return [];
  const base = columns.findIndex(({ kind }) => kind === 'callback');
  const cells = rows.map(({ costs }) => ratio(micros(costs[index]), micros(costs[base])));
  return [[`${nameOf(column)} : empty callback`, ...cells]];
}

const micros = (costs: readonly Cost[] | undefined): number[] => (costs ?? []).map(({ microseconds }) => microseconds);

function spread(sample: readonly number[]): string {
  if (sample.length === 0) return '–';
  const { median, min, max } = summarize(sample);
  return figure(min) === figure(max) ? figure(median) : `${figure(median)} (${figure(min)}–${figure(max)})`;
}

/** Of the medians; a dash where the second is as good as nothing. */
export function ratio(sample: readonly number[], base: readonly number[]): string {
  if (sample.length === 0 || base.length === 0) return '–';
  const floor = summarize(base).median;
  return floor < NOTHING ? '–' : `${figure(summarize(sample).median / floor)}×`;
}

function loadNote(rows: readonly JunkRow[]): string {
  const loads = rows.map(
    ({ kind, load }) => `${String(load.count)} at ${String(load.rate)} a second (${KIND_NAMES[kind]})`,
  );
  return `Packets in each round, from one source: ${loads.join(', ')}.`;
}

/** Packets that were lost cost nothing, so that it must be said how many there were. */
function seenNote({ rows, columns }: JunkReport): string {
  const least = columns.flatMap((column, index) => {
    const shares = rows.flatMap(({ kind, costs }) =>
      isFiltered(kind) ? [] : (costs[index] ?? []).flatMap(({ seen }) => (seen === undefined ? [] : [seen])),
    );
    return shares.length === 0
      ? []
      : [`${percent(Math.min(...shares))}–${percent(Math.max(...shares))} (${nameOf(column)})`];
  });
  return `Of the packets of the right size, came to a process, least and most: ${least.join(', ')}.`;
}

const isFiltered = (kind: JunkRow['kind']): boolean =>
  kind === 'other-port' || kind === 'wrong-size' || kind === 'text';

/** Rounded down, so that 100 % is all of them. */
const percent = (share: number): string => `${String(Math.floor(share * 1000) / 10)} %`;

function absenceNotes({ sieve, knockd }: JunkReport): string[] {
  return [
    ...(sieve ? [] : ["The kernel's sieve (capture = nflog) is not to be had here."]),
    ...(knockd === undefined ? ['knockd is not installed.'] : []),
  ];
}

/** The kernel's work is done in the sender's time, where the two ends of a veth pair are on one machine. */
function senderTable({ rows, columns, rounds }: JunkReport): Table {
  const line = (name: string, samples: readonly (readonly number[])[]): string[] => [name, ...samples.map(spread)];
  return {
    title: `Junk: the sender's processor time per packet, the kernel's work included, µs, median (min–max) of ${String(rounds)}`,
    head: ['packet', ...rows.map(({ kind }) => KIND_NAMES[kind])],
    rows: [
      line(
        'nobody captures',
        rows.map(({ nobody }) => nobody),
      ),
      ...columns.map((column, index) =>
        line(
          nameOf(column),
          rows.map(({ costs }) => (costs[index] ?? []).map(({ sender }) => sender)),
        ),
      ),
    ],
    notes: [],
  };
}

function textTable({ texts, textLoad, rounds }: JunkReport): Table {
  return {
    title: `Junk of fwknop's form to fwknop's stanzas: processor time per packet, µs, median (min–max) of ${String(rounds)}`,
    head: ['stanzas', 'spad, pcap', 'fwknopd, pcap', 'ratio'],
    rows: texts.map(({ stanzas, spad, fwknopd }) => [
      String(stanzas),
      spread(spad),
      spread(fwknopd),
      ratio(fwknopd, spad),
    ]),
    notes: [
      `${String(textLoad.count)} packets at ${String(textLoad.rate)} a second, which fwknopd can take. ` +
        'fwknopd with 10 000 stanzas takes minutes to start and is left out.',
    ],
  };
}

/** Cost over the number of clients, of packets of the right size. */
export function junkPlots({ rows, columns }: JunkReport): Plot[] {
  const row = rows.find(({ kind }) => kind === 'random');
  if (row === undefined) return [];
  const clients = columns.flatMap((column) =>
    column.clients === 0 || column.kind === 'knockd' ? [] : [column.clients],
  );
  const pointOf = (index: number, x: number): Point[] => {
    const sample = micros(row.costs[index]);
    if (sample.length === 0) return [];
    const { median, min, max } = summarize(sample);
    return [{ x, y: median, low: min, high: max }];
  };
  const over = (kind: Column['kind']): Point[] =>
    columns.flatMap((column, index) => (column.kind === kind ? pointOf(index, column.clients) : []));
  const flat = (kind: Column['kind']): Point[] =>
    columns.flatMap((column, index) =>
      column.kind === kind ? [...new Set(clients)].flatMap((count) => pointOf(index, count)) : [],
    );
  const series = [
    { name: 'libpcap in C', points: flat('reader') },
    { name: 'empty callback', points: flat('callback') },
    { name: 'spad, pcap', points: over('pcap') },
    { name: 'spad, nflog', points: over('nflog') },
  ];
  return [
    {
      name: 'junk-clients',
      title: 'Processor time per junk packet of the right size',
      description: 'What a random packet of the right size costs spad, by the number of clients, over two floors.',
      x: { label: 'clients', scale: 'log' },
      y: { label: 'µs a packet', scale: 'linear' },
      series: series.filter(({ points }) => points.length > 0),
    },
  ];
}
