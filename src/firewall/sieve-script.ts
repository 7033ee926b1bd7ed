/**
 * nftables scripts (nft(8)) of the sieve: the kernel compares the first 8 bytes of what comes to the SPA port with the hints
 * that packets begin with now, hands what matches to the receiver by NFLOG, and drops all the rest.
 *
 * There are two lanes, each a table of its own, so that one receiver can follow another without a gap. What is dropped is
 * dropped a step after both lanes have looked, so that neither hides a packet from the other. All this is before connection
 * tracking, which junk from a million sources would only burden, and after the defragmentation of IPv4 and IPv6 where there is any.
 *
 * A lane is open until it is armed: while its hints are being filled in, all that has the right length is handed on.
 */
import type { Port } from '../base/units.ts';

export const SIEVE_LANES = ['a', 'b'] as const;
export type SieveLane = (typeof SIEVE_LANES)[number];

export interface SievePlan {
  readonly lane: SieveLane;
  readonly port: Port;
  /** Undefined: whichever it comes in by. */
  readonly interface: string | undefined;
  /** The NFLOG group that the receiver listens to. */
  readonly group: number;
  /** Lengths of datagrams, in bytes without the UDP header. */
  readonly sizes: readonly number[];
}

/** An element of the set: 16 hexadecimal digits, and for how many milliseconds from now; undefined: for good. */
export interface SieveElement {
  readonly hint: string;
  readonly left: number | undefined;
}

const PICK_PRIORITY = -310;
const DROP_PRIORITY = -309;
const UDP_HEADER = 8;

/** In the family inet. */
export const sieveTableName = (lane: SieveLane): string => `spad_hints_${lane}`;

export const sieveTable = (lane: SieveLane): string => `inet ${sieveTableName(lane)}`;

/** What the lane counts: packets that were handed over, and packets for this host that were dropped, the former among them. */
export const SIEVE_COUNTERS = { hinted: 'hinted', dropped: 'dropped' } as const;

/**
 * Makes the lane, open; there must be none. `isOwned`: nobody else may touch it, `flush ruleset` leaves it alone, and it goes
 * with the connection that has made it (Linux 5.12).
 */
export const openSieveScript = (plan: SievePlan, isOwned: boolean): string => {
  const table = sieveTable(plan.lane);
  return lines([
    `add table ${table}${isOwned ? ' { flags owner; }' : ''}`,
    `add set ${table} hints { typeof @ih,0,64; flags timeout; }`,
    ...Object.values(SIEVE_COUNTERS).map((name) => `add counter ${table} ${name}`),
    `add chain ${table} pick { type filter hook prerouting priority ${String(PICK_PRIORITY)}; policy accept; }`,
    `add chain ${table} junk { type filter hook prerouting priority ${String(DROP_PRIORITY)}; policy accept; }`,
    pickRule(plan, ''),
    // To other hosts it only passes through.
    `add rule ${table} junk ${toPort(plan)} fib daddr type local counter name ${SIEVE_COUNTERS.dropped} drop`,
  ]);
};

/** From now on the hints count. */
export const armSieveScript = (plan: SievePlan): string =>
  lines([`flush chain ${sieveTable(plan.lane)} pick`, pickRule(plan, '@ih,0,64 @hints ')]);

export const sieveElementsScript = (lane: SieveLane, elements: readonly SieveElement[]): string =>
  elements.length === 0 ? '' : lines([`add element ${sieveTable(lane)} hints { ${elements.map(element).join(', ')} }`]);

/** Takes the lane away, which must be there. */
export const removeSieveScript = (lane: SieveLane): string => lines([`delete table ${sieveTable(lane)}`]);

/** A listing of the lane without what changes by itself. */
export const sieveShape = (listing: string): string => listing.replace(/packets \d+ bytes \d+/g, '');

const toPort = ({ interface: name, port }: SievePlan): string =>
  `${name === undefined ? '' : `iifname "${name}" `}udp dport ${String(port)}`;

/** The kernel would gather a second's packets for the receiver; `queue-threshold 1` hands each over at once. */
const pickRule = (plan: SievePlan, hint: string): string => {
  const lengths = plan.sizes.map((size) => String(size + UDP_HEADER)).join(', ');
  const handOver = `log group ${String(plan.group)} queue-threshold 1`;
  return `add rule ${sieveTable(plan.lane)} pick ${toPort(plan)} udp length { ${lengths} } ${hint}${handOver} counter name ${SIEVE_COUNTERS.hinted}`;
};

/** No time is zero, which would mean none. */
const element = ({ hint, left }: SieveElement): string =>
  `0x${hint}${left === undefined ? '' : ` timeout ${String(Math.max(1, Math.ceil(left)))}ms`}`;

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
