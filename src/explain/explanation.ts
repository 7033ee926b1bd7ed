/** What the daemon would do with one packet, and the road to it, as words. */
import { formatAddress } from '../base/address.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import { formatDuration, type UnixMs } from '../base/units.ts';
import { meaningOf } from '../report/reasons.ts';
import type { SpaRequest } from '../spa/request.ts';

export interface Step {
  readonly step: string;
  readonly words: string;
}

export interface Explanation {
  /** Its place in the file, from 1. */
  readonly number: number;
  /** The time by which it is judged. */
  readonly time: UnixMs;
  readonly source: string | undefined;
  readonly destination: string | undefined;
  readonly protocol: string | undefined;
  /** Of the payload; of the frame where there is none. */
  readonly bytes: number;
  readonly format: 'native' | 'fwknop' | 'knock' | 'other';
  readonly steps: readonly Step[];
  /** The lines that the audit log would get, as it writes them. */
  readonly audit: readonly string[];
  /** What it comes to: an event of the audit log, `dropped`, `nothing` or `undecided`. */
  readonly outcome: string;
  readonly reason: string | undefined;
  readonly words: string;
}

/** For people: a line about the packet, one for each step, and what it comes to. */
export const formatExplanation = (one: Explanation): string => {
  const ends =
    one.source === undefined ? '' : `  ${one.source}${one.destination === undefined ? '' : ` > ${one.destination}`}`;
  const head = `#${String(one.number)}  ${iso(one.time)}${ends}  ${one.protocol ?? 'frame'}, ${String(one.bytes)} bytes: ${one.format}`;
  const steps = one.steps.map(({ step, words }) => `    ${step.padEnd(9)} ${words}`);
  return [head, ...steps, `    => ${one.words}`, ''].join('\n');
};

const iso = (time: UnixMs): string => new Date(time).toISOString();

/** `rejected: replayed (was let in before)` */
export const refusalWords = (event: string, reason: string): string => {
  const meaning = meaningOf(reason);
  return `${event}: ${reason}${meaning === '' ? '' : ` (${meaning})`}`;
};

/** What an unsealed request asks for. */
export const requestWords = ({ type, addresses, ports, openFor, forward, reply }: SpaRequest): string => {
  const what = ports.length === 0 ? 'the ports that its stanza names' : ports.map(formatPortSpec).join(', ');
  const whom =
    addresses.length === 0 ? 'its source' : addresses.map(({ address }) => formatAddress(address)).join(' and ');
  const long = type !== 'open' || openFor === 0 ? '' : `, for ${formatDuration(openFor)}`;
  const to = forward === undefined ? '' : ', forwarded';
  return `${type} ${what} for ${whom}${long}${to}${reply ? '; wants an answer' : ''}`;
};

/** How a packet's own time lies to the time by which it is judged. */
export const ageWords = (time: UnixMs, now: UnixMs, maxAge: number): string => {
  const age = (now - time) / 1000;
  const how = age < 0 ? `${(-age).toFixed(1)} s ahead` : `${age.toFixed(1)} s old`;
  return `made ${iso(time)}: ${how}; ${Number.isFinite(maxAge) ? `${String(maxAge / 1000)} s are allowed` : 'packets do not age'}`;
};
