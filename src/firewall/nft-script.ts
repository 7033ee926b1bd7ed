/**
 * nftables scripts, as text (nft(8)). Everything that spad has in the firewall is the table `inet spad`.
 *
 * The guard stands in prerouting after connection tracking (-200) and before DNAT (-100), so that a port published by a
 * container is guarded under the number that the world sees. Grants are elements with a timeout: the kernel ends them.
 * Single ports live in hash sets, ranges in interval sets, where an insertion costs more.
 */

import { formatAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { SteadyMs } from '../base/units.ts';
import type { FirewallChange, Opening } from './opening.ts';

export const TABLE = 'inet spad';

/** Elements that a set takes at most; the ledger holds fewer grants than this. */
const SET_SIZE = 65_536;
const GUARD_PRIORITY = -150;

const sets = [
  { name: 'grant4', address: 'ipv4_addr', flags: 'timeout', match: 'ip saddr' },
  { name: 'grant6', address: 'ipv6_addr', flags: 'timeout', match: 'ip6 saddr' },
  { name: 'range4', address: 'ipv4_addr', flags: 'timeout, interval', match: 'ip saddr' },
  { name: 'range6', address: 'ipv6_addr', flags: 'timeout, interval', match: 'ip6 saddr' },
] as const;

type SetName = (typeof sets)[number]['name'];

const setOf = (opening: Opening): SetName =>
  opening.first === opening.last
    ? opening.address.family === 4
      ? 'grant4'
      : 'grant6'
    : opening.address.family === 4
      ? 'range4'
      : 'range6';

const ports = (spec: PortSpec): string =>
  `${spec.protocol} . ${String(spec.first)}${spec.first === spec.last ? '' : `-${String(spec.last)}`}`;

/**
 * Makes the table anew, whatever was there: the guard's chain, empty grant sets. The caller puts the live grants into
 * the same transaction, so that there is no instant without a guard and none in which a grant is missing.
 */
export const guardScript = (guard: readonly PortSpec[]): string => {
  const lines = [
    `add table ${TABLE}`,
    `delete table ${TABLE}`,
    `add table ${TABLE}`,
    ...sets.map(
      (set) =>
        `add set ${TABLE} ${set.name} { type ${set.address} . inet_proto . inet_service; size ${String(SET_SIZE)}; flags ${set.flags}; }`,
    ),
    `add chain ${TABLE} guard { type filter hook prerouting priority ${String(GUARD_PRIORITY)}; policy accept; }`,
  ];
  // Without a port to guard there is nothing to drop, and an empty set would be no text that nft reads.
  if (guard.length > 0) lines.push(...guardRules(guard));
  return `${lines.join('\n')}\n`;
};

/** The guarded ports stand in the rule itself: a terse listing, which is what drift is found by, leaves out named sets. */
const guardRules = (guard: readonly PortSpec[]): string[] =>
  [
    'ct state established,related accept',
    `meta l4proto . th dport != { ${guard.map(ports).join(', ')} } accept`,
    'iif "lo" accept',
    'fib daddr type != local accept',
    ...sets.map((set) => `${set.match} . meta l4proto . th dport @${set.name} accept`),
    'counter drop',
  ].map((rule) => `add rule ${TABLE} guard ${rule}`);

/** Takes away everything that spad has in the firewall; no error where there is nothing. */
export const flushScript = (): string => `add table ${TABLE}\ndelete table ${TABLE}\n`;

/**
 * Carries out a change. `now` turns each end into what is left of it; what has ended already is not opened.
 *
 * An element is added, deleted and added again: adding alone would leave an existing one's timeout on older kernels, and
 * deleting alone fails where the kernel has let it go a moment ago.
 */
export const changeScript = (change: FirewallChange, now: SteadyMs): string => {
  const open = change.open.filter((opening) => opening.ends > now);
  const remaining = (opening: Opening): string => `timeout ${String(Math.ceil(opening.ends - now))}ms`;
  return [...clear(change.close), ...clear(change.open), ...elements('add', open, remaining)]
    .map((line) => `${line}\n`)
    .join('');
};

const clear = (openings: readonly Opening[]): string[] => [
  ...elements('add', openings, () => 'timeout 1d'),
  ...elements('delete', openings, () => ''),
];

/** One statement a set, for libnftables reads one of many elements faster than many of one. */
const elements = (
  verb: 'add' | 'delete',
  openings: readonly Opening[],
  attributes: (opening: Opening) => string,
): string[] =>
  sets.flatMap(({ name }) => {
    const texts = openings
      .filter((opening) => setOf(opening) === name)
      .map((opening) => `${formatAddress(opening.address)} . ${ports(opening)} ${attributes(opening)}`.trimEnd());
    return texts.length === 0 ? [] : [`${verb} element ${TABLE} ${name} { ${texts.join(', ')} }`];
  });
