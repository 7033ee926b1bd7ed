/** The answers to "fwknop" as tables. */
import { FLOOD_RATE, type FwknopReport } from './report.ts';
import type { Plot } from '../plot/plot.ts';
import { figure, type Table } from '../table.ts';
import { latencyTable } from '../latency/table.ts';

export function fwknopTables(report: FwknopReport): readonly Table[] {
  const floods = report.floods.length === 0 ? [] : [floodTable(report)];
  const bursts = report.burst.length === 0 ? [] : [burstTable(report)];
  return [junkTable(report), ...bursts, ...floods, latencyOf(report)];
}

function junkTable({ rounds, size, names, junk }: FwknopReport): Table {
  return {
    title: `Junk: processor time per datagram that looks right and is not, µs, medians of ${rounds}`,
    head: ['stanzas', ...names, `spad, pcap, at ${FLOOD_RATE}/s`],
    rows: junk.map(({ stanzas, microseconds, flooded }) => [
      String(stanzas),
      ...[...microseconds, flooded].map(figure),
    ]),
    notes: [
      `Datagrams a second: ${size.junk.map(({ stanzas, rate }) => `${rate} (${stanzas})`).join(', ')}; ` +
        `the last column is of ${size.floodPackets}.`,
    ],
  };
}

function burstTable({ size, burst }: FwknopReport): Table {
  const slowest = Math.max(1e-9, Math.min(...burst.map(({ perSecond }) => perSecond)));
  return {
    title: `Burst: ${size.burst} genuine packets for ${size.burst} addresses, one stanza`,
    head: ['daemon', 'opened', 'opened a second', 'ratio'],
    rows: burst.map(({ name, opened, perSecond }) => [
      ...[name, String(opened), figure(perSecond), `${figure(perSecond / slowest)}×`],
    ]),
    notes: [],
  };
}

function floodTable({ size, floods }: FwknopReport): Table {
  return {
    title: `Flood: genuine packets of ${size.honest} that open within a second, during ${FLOOD_RATE} junk datagrams a second`,
    head: ['daemon', 'stanzas', 'flood of', 'known source', 'strangers', 'junk/s'],
    rows: floods.map(({ name, stanzas, flood, known, strangers, perSecond }) => [
      ...[name, String(stanzas), flood, String(known), String(strangers), figure(perSecond)],
    ]),
    notes: [],
  };
}

function latencyOf({ latency }: FwknopReport): Table {
  const table = latencyTable(latency);
  return { ...table, title: `fwknop's packets: ${latency.packets} for each daemon, in turns` };
}

/** Junk's cost by stanzas. */
export function fwknopPlot({ names, junk }: FwknopReport): Plot {
  const flooded = {
    name: `spad, pcap, at ${FLOOD_RATE}/s`,
    points: junk.map(({ stanzas, flooded: y }) => ({ x: stanzas, y })),
  };
  const slow = names.map((name, index) => ({
    name,
    points: junk.map(({ stanzas, microseconds }) => ({ x: stanzas, y: microseconds[index] ?? Number.NaN })),
  }));
  return {
    name: 'fwknop-junk',
    title: "Junk that looks like fwknop's: processor time a datagram",
    description: 'Processor time per junk datagram over the number of stanzas, for spad and fwknopd.',
    x: { label: 'stanzas', scale: 'log' },
    y: { label: 'microseconds', scale: 'log' },
    series: [...slow, flooded],
  };
}
