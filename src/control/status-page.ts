/** The status for people: one page, a line a matter, the counters below. */
import { plainTime } from '../base/instant.ts';
import { countOf, printable } from '../base/printable.ts';
import { formatDuration, seconds } from '../base/units.ts';
import type { FirewallState } from './response.ts';
import type { ReloadOutcome, ShownCount, ShownRotation, ShownSink, Status } from './status.ts';
import { alignColumns } from '../base/columns.ts';

const FIREWALL: Readonly<Record<FirewallState['kind'], string>> = {
  agrees: 'agrees',
  repaired: 'had been changed by somebody and is repaired',
  fault: 'is not as it ought to be',
};

/** Whether the firewall shows what it ought to, in words. */
export const describeFirewall = (firewall: FirewallState, via: string): string =>
  `${FIREWALL[firewall.kind]}${firewall.kind === 'fault' ? `: ${firewall.detail}` : ''} (${via})`;

/** `2026-11-20 14:13:28 UTC` */
export const shortTime = (iso: string): string => `${plainTime(iso)} UTC`;

/** Lines of the page. */
export const statusPage = (status: Status): readonly string[] => [
  ...alignColumns(mattersOf(status).map((row) => row.map((text) => printable(text, 400)))),
  '',
  ...countTable(status.counts),
];

const mattersOf = (status: Status): readonly (readonly [string, string])[] => [
  ['spad', runningText(status)],
  ['capture', captureText(status)],
  ['firewall', describeFirewall(status.firewall, status.via)],
  ['guard', guardText(status)],
  ['clients', String(status.clients)],
  ...rotationRows(status),
  ['grants', String(status.grants)],
  ['replay cache', replayText(status)],
  ['clock', clockText(status)],
  ['delay', delayText(status)],
  ['audit log', status.audit.map(sinkText).join('; ')],
  ['last reload', reloadText(status)],
];

const runningText = ({ version, pid, receiverPid, since, uptime }: Status): string => {
  const receiver = receiverPid === undefined ? 'no receiver' : `receiver ${String(receiverPid)}`;
  const time = formatDuration(seconds(Math.floor(uptime / 1000)));
  return `${version}, running for ${time}, since ${shortTime(since)}; process ${String(pid)}, ${receiver}`;
};

const captureText = ({ capture }: Status): string =>
  capture === undefined
    ? 'none yet: the daemon’s log says why'
    : `${capture.on}, since ${shortTime(capture.since)}, ${countOf(capture.restarts, 'restart')}`;

const guardText = ({ guard, trialUntil }: Status): string => {
  const ports = guard.length === 0 ? 'nothing is guarded' : guard.join(', ');
  return trialUntil === undefined
    ? ports
    : `${ports}; on trial until ${shortTime(trialUntil)}: run "spad confirm" in a new session`;
};

/** On one page; --json has all. */
const MAX_ROTATIONS = 10;

const rotationRows = ({ rotations = [] }: Status): readonly (readonly [string, string])[] => {
  const rows = rotations.slice(0, MAX_ROTATIONS).map((rotation) => ['old key', rotationText(rotation)] as const);
  const more = rotations.length - rows.length;
  return more > 0 ? [...rows, ['old key', `and ${String(more)} more: --json shows all`]] : rows;
};

const rotationText = ({ stanza, until, oldUsed, newUsed }: ShownRotation): string => {
  const used = (key: string, at: string | undefined): string =>
    at === undefined ? `${key} not used yet` : `${key} last used ${shortTime(at)}`;
  return `of ${stanza}, until ${shortTime(until)}; ${used('old', oldUsed)}, ${used('new', newUsed)}`;
};

const replayText = ({ replay: { entries, bytes, floor } }: Status): string => {
  const size = `${countOf(entries, 'packet')}, about ${String(Math.ceil(bytes / 1024))} KiB`;
  return floor === undefined ? size : `${size}; packets made before ${shortTime(floor)} are refused`;
};

const clockText = ({ clockSynchronised: is }: Status): string =>
  is === undefined
    ? 'the kernel does not say whether it is synchronised'
    : is
      ? 'synchronised'
      : 'not synchronised: packets are refused once it is wrong by more than max_age; let chrony or systemd-timesyncd keep it';

const delayText = ({ delay }: Status): string =>
  delay === undefined
    ? 'not measured yet'
    : `at most ${String(delay.max)} ms, 99 of 100 times within ${String(delay.p99)} ms`;

const sinkText = ({ sink, lost, waiting, trouble }: ShownSink): string => {
  const lines = [
    ...(waiting > 0 ? [`${countOf(waiting, 'line')} wait`] : []),
    ...(lost > 0 ? [`${String(lost)} lost`] : []),
  ];
  return [sink, ...(trouble === undefined ? [] : [`does not take lines (${trouble})`]), ...lines].join(', ');
};

const reloadText = ({ reload }: Status): string => {
  if (reload === undefined) return 'none since the start';
  const { time, taken, problems } = reload;
  const outcome = taken ? 'in force' : 'refused, the configuration before it stands';
  return `${shortTime(time)}, ${[outcome, ...problems].join('; ')}`;
};

/** What a reload came to, a line a matter. */
export const reloadLines = ({ taken, problems, clients, added, removed }: ReloadOutcome): readonly string[] =>
  [
    ...problems,
    ...(added.length > 0 ? [`new: ${added.join(', ')}`] : []),
    ...(removed.length > 0 ? [`gone: ${removed.join(', ')}`] : []),
    taken
      ? `the new configuration is in force: ${countOf(clients, 'client')}`
      : `the configuration before it stands: ${countOf(clients, 'client')}; put right what is wrong, and run "spad reload" again`,
  ].map((line) => printable(line, 1000));

const countTable = (counts: Readonly<Record<string, ShownCount>>): readonly string[] => {
  const rows = Object.entries(counts).map(([name, { total, per10s, per1min }]) => [
    ...[printable(name), String(total), per10s.toFixed(1), per1min.toFixed(1)],
  ]);
  if (rows.length === 0) return ['no packet was counted yet'];
  return alignColumns([['COUNTER', 'TOTAL', '/s (10 s)', '/s (1 min)'], ...rows], [1, 2, 3]);
};
