/**
 * The grant log's lines (docs/state-files.md): JSON, one event a line, so that a daemon that comes back knows what it had
 * opened. The kernel closes on time without it; losing a line loses the listing and `--close`, never a closing.
 */
import { formatAddress, parseAddress } from '../base/address.ts';
import { formatAllowed, parseAllowed } from '../base/allow-address.ts';
import { formatPortSpec, normalizePorts, parsePortSpec } from '../base/port-spec.ts';
import { type Moment, port, steadyMs, unixMs } from '../base/units.ts';
import { type Forwarding, forwardingMisfit } from './forwarding.ts';
import type { Grant } from './grant.ts';

export type GrantEvent =
  | { readonly kind: 'open'; readonly grant: Grant }
  | { readonly kind: 'end'; readonly id: string }
  /** A grant has ended whose connections stay cut. */
  | { readonly kind: 'cut'; readonly id: string };

/**
 * The machine's present run, by the kernel's name of it; empty where it has none. The steady clock goes on from one daemon
 * to the next within one run, and begins anew with another.
 */
export type BootId = string;

/** What a line is written at, and read. */
export interface LogMoment extends Moment {
  readonly boot: BootId;
}

/** All lines that a new log begins with. */
export const eventsOfLog = ({ grants, cuts }: Pick<GrantLog, 'grants' | 'cuts'>): readonly GrantEvent[] => [
  ...[...grants, ...cuts].map((grant): GrantEvent => ({ kind: 'open', grant })),
  ...cuts.map(({ id }): GrantEvent => ({ kind: 'cut', id })),
];

/** One line without its newline. */
export const encodeGrantEvent = (event: GrantEvent, { boot, steady }: LogMoment): string => {
  if (event.kind !== 'open') return JSON.stringify({ [event.kind]: event.id });
  const { id, stanza, address, ports, forwarding, whileConnected, cuts, byHand, ends, until } = event.grant;
  const forward = forwarding && encodeForwarding(forwarding);
  const shown = { address: formatAllowed(address), ports: ports.map(formatPortSpec), forward };
  const times = { until, left: Math.max(0, Math.ceil(ends - steady)) };
  const shownEnd = boot === '' ? times : { ...times, boot, ends: Math.round(ends) };
  return JSON.stringify({
    open: id,
    stanza,
    ...shown,
    while_connected: whileConnected,
    cuts,
    by_hand: byHand,
    ...shownEnd,
  });
};

/** Members that say nothing are left out: another port of the same host has no `to`, a port that stays no `port`. */
const encodeForwarding = ({ to, port: target, source }: Forwarding): object => ({
  to: to && formatAddress(to),
  port: target,
  source: typeof source === 'string' ? source : formatAddress(source),
});

/** The last instant that a Date can show (ECMA-262, 21.4.1.1). */
const MAX_TIME = 8.64e15;

export interface GrantLog {
  /** Those that no line ends, whether or not their time has come. */
  readonly grants: readonly Grant[];
  /** Those that have ended and whose connections stay cut. */
  readonly cuts: readonly Grant[];
  /** Lines that could not be read. A torn last line is usual after a crash. */
  readonly unreadable: number;
}

/**
 * What a log leaves open. Ends are on the steady clock of `now`: as they stand there where the machine's run is still that
 * in which the line was written, whatever the wall clock has done since. Else they are worked out from the wall clock, and no
 * grant has more left than when its line was written: a machine without a battery begins in 1970.
 */
export const decodeGrantLog = (text: string, now: LogMoment): GrantLog => {
  const live = new Map<string, Grant>();
  const cuts = new Map<string, Grant>();
  let unreadable = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const event = decodeGrantEvent(line, now);
    if (event === undefined) {
      unreadable += 1;
      continue;
    }
    const id = event.kind === 'open' ? event.grant.id : event.id;
    const before = live.get(id);
    // To the end of the map: what was asked for last goes before what is older.
    live.delete(id);
    cuts.delete(id);
    if (event.kind === 'open') live.set(id, event.grant);
    else if (event.kind === 'cut' && before !== undefined) cuts.set(id, before);
  }
  return { grants: [...live.values()], cuts: [...cuts.values()], unreadable };
};

const decodeGrantEvent = (line: string, now: LogMoment): GrantEvent | undefined => {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  const { open, end, cut, stanza, address, ports, forward } = value;
  if (typeof end === 'string') return { kind: 'end', id: end };
  if (typeof cut === 'string') return { kind: 'cut', id: cut };
  if (typeof open !== 'string' || typeof stanza !== 'string' || typeof address !== 'string') return undefined;
  const times = decodeEnd(value, now);
  if (!Array.isArray(ports) || times === undefined) return undefined;
  const ip = parseAllowed(address);
  const specs = ports.map((spec: unknown) => (typeof spec === 'string' ? parsePortSpec(spec) : undefined));
  const known = specs.filter((spec) => spec !== undefined);
  if (ip === undefined || known.length === 0 || known.length !== specs.length) return undefined;
  const flags: Pick<Grant, 'whileConnected' | 'cuts' | 'byHand'> = {
    ...(value['while_connected'] === true ? { whileConnected: true } : {}),
    ...(value['cuts'] === true ? { cuts: true } : {}),
    ...(value['by_hand'] === true ? { byHand: true } : {}),
  };
  const grant = { id: open, stanza, address: ip, ports: normalizePorts(known), ...flags, ...times };
  if (forward === undefined) return { kind: 'open', grant };
  const forwarding = decodeForwarding(forward);
  if (
    forwarding === undefined ||
    ip.prefix !== undefined ||
    forwardingMisfit(forwarding, [ip.family], grant.ports) !== undefined
  )
    return undefined;
  return { kind: 'open', grant: { ...grant, forwarding } };
};

const decodeForwarding = (value: unknown): Forwarding | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { to, port: target, source }: Record<string, unknown> = { ...value };
  const host = typeof to === 'string' ? parseAddress(to) : undefined;
  const inner = typeof target === 'number' ? port(target) : undefined;
  const from =
    source === 'client' || source === 'masquerade'
      ? source
      : typeof source === 'string'
        ? parseAddress(source)
        : undefined;
  if ((to !== undefined && host === undefined) || (target !== undefined && inner === undefined)) return undefined;
  return from === undefined ? undefined : { to: host, port: inner, source: from };
};

const decodeEnd = (
  { until, left, boot: written, ends }: Record<string, unknown>,
  { wall, steady, boot }: LogMoment,
): Pick<Grant, 'ends' | 'until'> | undefined => {
  if (!isTime(until)) return undefined;
  if (boot !== '' && written === boot && isTime(ends)) return { until: unixMs(until), ends: steadyMs(ends) };
  return { until: unixMs(until), ends: steadyMs(steady + Math.min(until - wall, isTime(left) ? left : until - wall)) };
};

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= MAX_TIME;

const parseObject = (line: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
};
