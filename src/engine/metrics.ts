/** The metrics of a running daemon: the table that docs/metrics.md lists. */
import type { Metric, Sample } from '../control/exposition.ts';
import type { Status } from '../control/status.ts';
import { COUNTER_FAMILIES, type CounterFamily } from './counter-names.ts';

export interface DefinedMetric extends Omit<Metric, 'samples'> {
  readonly label?: string;
}

interface Definition extends DefinedMetric {
  /** None where there is nothing to tell. */
  readonly read: (status: Status) => readonly Sample[] | number | boolean | undefined;
}

const epoch = (iso: string | undefined): number | undefined => (iso === undefined ? undefined : Date.parse(iso) / 1000);

const inSeconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

const counted = ({ metric, help, label, counters }: CounterFamily): Definition => ({
  ...{ name: metric, type: 'counter', help, ...(label === undefined ? {} : { label }) },
  // Also what was never counted: a rate is only seen where there was a 0 before.
  read: ({ counts }) =>
    counters.map((name) => ({
      ...(label === undefined ? {} : { labels: { [label]: name } }),
      value: counts[name]?.total ?? 0,
    })),
});

const DEFINITIONS: readonly Definition[] = [
  {
    ...{ name: 'spad_build', type: 'info', label: 'version', help: 'The version that runs.' },
    read: ({ version }) => [{ labels: { version }, value: 1 }],
  },
  {
    ...{ name: 'spad_start_time_seconds', type: 'gauge', unit: 'seconds', help: 'When spad was started, Unix time.' },
    read: ({ since }) => epoch(since),
  },
  ...COUNTER_FAMILIES.map(counted),
  {
    ...{ name: 'spad_capturing', type: 'gauge', help: 'Whether there is a process that captures packets.' },
    read: ({ capture, receiverPid }) => capture !== undefined && receiverPid !== undefined,
  },
  {
    ...{ name: 'spad_capture_restarts', type: 'counter', help: 'How often capturing has begun again, for any reason.' },
    read: ({ capture }) => capture?.restarts ?? 0,
  },
  {
    ...{ name: 'spad_firewall_agrees', type: 'gauge', help: 'Whether the firewall shows what it ought to.' },
    read: ({ firewall }) => firewall.kind !== 'fault',
  },
  {
    ...{ name: 'spad_guard_on_trial', type: 'gauge', help: 'Whether the guard goes unless somebody confirms it.' },
    read: ({ trialUntil }) => trialUntil !== undefined,
  },
  { ...{ name: 'spad_clients', type: 'gauge', help: 'Clients of the configuration.' }, read: ({ clients }) => clients },
  { ...{ name: 'spad_grants', type: 'gauge', help: 'Live grants.' }, read: ({ grants }) => grants },
  {
    ...{ name: 'spad_replay_cache_entries', type: 'gauge', help: 'Packets that are remembered.' },
    read: ({ replay }) => replay.entries,
  },
  {
    ...{ name: 'spad_replay_cache_bytes', type: 'gauge', unit: 'bytes', help: 'About so much memory they take.' },
    read: ({ replay }) => replay.bytes,
  },
  {
    name: 'spad_clock_synchronised',
    ...{ type: 'gauge', help: 'Whether something keeps the clock; absent where the kernel does not say.' },
    read: ({ clockSynchronised }) => clockSynchronised,
  },
  {
    ...{ name: 'spad_delay_max_seconds', type: 'gauge', unit: 'seconds' },
    help: 'For how long at a time nothing else could be done lately, at most.',
    read: ({ delay }) => inSeconds(delay?.max),
  },
  {
    ...{ name: 'spad_delay_p99_seconds', type: 'gauge', unit: 'seconds' },
    help: 'The same: 99 of 100 times it was this or less.',
    read: ({ delay }) => inSeconds(delay?.p99),
  },
  {
    ...{ name: 'spad_audit_lost_lines', type: 'counter', label: 'sink', help: 'Audit lines that were lost.' },
    read: ({ audit }) => audit.map(({ sink, lost }) => ({ labels: { sink }, value: lost })),
  },
  {
    name: 'spad_audit_sink_works',
    ...{ type: 'gauge', label: 'sink', help: 'Whether audit lines are taken there.' },
    read: ({ audit }) => audit.map(({ sink, trouble }) => ({ labels: { sink }, value: Number(trouble === undefined) })),
  },
  {
    name: 'spad_reload_taken',
    ...{ type: 'gauge', help: 'Whether the configuration that was read again last is in force; absent before that.' },
    read: ({ reload }) => reload?.taken,
  },
  {
    ...{ name: 'spad_reload_time_seconds', type: 'gauge', unit: 'seconds' },
    help: 'When the configuration was read again last, Unix time.',
    read: ({ reload }) => epoch(reload?.time),
  },
];

/** What there is, whatever a daemon has to tell of it: for the documentation. */
export const METRICS: readonly DefinedMetric[] = DEFINITIONS;

export const metricsOf = (status: Status): readonly Metric[] =>
  DEFINITIONS.map(({ read, ...metric }) => {
    const value = read(status);
    if (value === undefined) return { ...metric, samples: [] };
    return { ...metric, samples: typeof value === 'object' ? value : [{ value: Number(value) }] };
  });
