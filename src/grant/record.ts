/**
 * The grant log's lines (docs/state-files.md): JSON, one event a line, so that a daemon that comes back knows what it had
 * opened. The kernel closes on time without it; losing a line loses the listing and `--close`, never a closing.
 */
import { formatAddress, parseAddress } from '../base/address.ts';
import { formatPortSpec, normalizePorts, parsePortSpec } from '../base/port-spec.ts';
import { type Moment, port, steadyMs, type UnixMs, unixMs } from '../base/units.ts';
import { type Forwarding, forwardingMisfit } from './forwarding.ts';
import type { Grant } from './grant.ts';

export type GrantEvent =
  { readonly kind: 'open'; readonly grant: Grant } | { readonly kind: 'end'; readonly id: string };

/** One line without its newline. */
export const encodeGrantEvent = (event: GrantEvent): string => {
  if (event.kind === 'end') return JSON.stringify({ end: event.id });
  const { id, stanza, address, ports, forwarding, until } = event.grant;
  const forward = forwarding && encodeForwarding(forwarding);
  const shown = { address: formatAddress(address), ports: ports.map(formatPortSpec), forward };
  return JSON.stringify({ open: id, stanza, ...shown, until });
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
  /** Lines that could not be read. A torn last line is usual after a crash. */
  readonly unreadable: number;
}

/** The grants that a log leaves open, their ends put onto the steady clock of `now`. */
export const decodeGrantLog = (text: string, now: Moment): GrantLog => {
  const live = new Map<string, Grant>();
  let unreadable = 0;
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const event = decodeGrantEvent(line, now);
    if (event === undefined) unreadable += 1;
    else if (event.kind === 'end') live.delete(event.id);
    else {
      // To the end of the map: what was asked for last goes before what is older.
      live.delete(event.grant.id);
      live.set(event.grant.id, event.grant);
    }
  }
  return { grants: [...live.values()], unreadable };
};

const decodeGrantEvent = (line: string, now: Moment): GrantEvent | undefined => {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  const { open, end, stanza, address, ports, forward, until } = value;
  if (typeof end === 'string') return { kind: 'end', id: end };
  if (typeof open !== 'string' || typeof stanza !== 'string' || typeof address !== 'string') return undefined;
  if (!Array.isArray(ports) || typeof until !== 'number') return undefined;
  if (!Number.isSafeInteger(until) || until < 0 || until > MAX_TIME) return undefined;
  const ip = parseAddress(address);
  const specs = ports.map((spec: unknown) => (typeof spec === 'string' ? parsePortSpec(spec) : undefined));
  const known = specs.filter((spec) => spec !== undefined);
  if (ip === undefined || known.length === 0 || known.length !== specs.length) return undefined;
  const grant = { id: open, stanza, address: ip, ports: normalizePorts(known), ...endsAt(unixMs(until), now) };
  if (forward === undefined) return { kind: 'open', grant };
  const forwarding = decodeForwarding(forward);
  if (forwarding === undefined || forwardingMisfit(forwarding, [ip.family], grant.ports) !== undefined)
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

const endsAt = (until: UnixMs, now: Moment): Pick<Grant, 'ends' | 'until'> => ({
  until,
  ends: steadyMs(now.steady + (until - now.wall)),
});

const parseObject = (line: string): Record<string, unknown> | undefined => {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
};
