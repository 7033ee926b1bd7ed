/**
 * nftables scripts, as text (nft(8)). Everything that spad has in the firewall is the table `inet spad`.
 *
 * The guard stands in prerouting after connection tracking (-200) and before DNAT (-100), so that a port published by a
 * container is guarded under the number that the world sees. Grants are elements with a timeout: the kernel ends them.
 * Where grants can forward there are two chains of NAT more, each a step before the usual ones, so that a granted port is
 * forwarded whoever else publishes it. NAT sees the first packet of a connection alone: what is established stays.
 */
import type { PortSpec } from '../base/port-spec.ts';
import type { SteadyMs } from '../base/units.ts';
import type { Wanted } from './desired.ts';
import { declareSets, type Element, elementsOf, SET_NAMES } from './nft-element.ts';
import type { FirewallChange, Opening } from './opening.ts';

export const TABLE = 'inet spad';

/** Before connection tracking: a connection that is cut must be forgotten as one that is silent. */
const CUT_PRIORITY = -300;
const GUARD_PRIORITY = -150;
const DNAT_PRIORITY = -101;
const SNAT_PRIORITY = 99;

/** What the table is made for. */
export type GuardWish = Omit<Wanted, 'openings'>;

/**
 * Makes the table anew at `now`, whatever was there: the guard's chain, empty sets, and the chains of NAT and of cutting where grants can.
 * The caller puts the live grants into the same transaction, so that there is no instant without a guard and none in which
 * a grant is missing.
 */
export const guardScript = (wish: GuardWish, now: SteadyMs): string => {
  const { guard, guardEnds, forwards, cuts = false, widens = false } = wish;
  const lines = [
    `add table ${TABLE}`,
    `delete table ${TABLE}`,
    `add table ${TABLE}`,
    ...declareSets(TABLE, { forwards, cuts, widens }),
    `add chain ${TABLE} guard { type filter hook prerouting priority ${String(GUARD_PRIORITY)}; policy accept; }`,
  ];
  // Without a port to guard there is nothing to drop, and an empty set would be no text that nft reads.
  if (guard.length > 0) {
    const guarded = guardEnds === undefined ? `{ ${guard.map(ports).join(', ')} }` : `@${TRIAL_SET}`;
    if (guardEnds !== undefined) lines.push(...trialSet(guard, leftOf(guardEnds, now)));
    lines.push(...guardRules(guarded, widens));
    if (cuts) lines.push(...cutRules(guarded, widens));
  }
  if (forwards) lines.push(...forwardingRules());
  return `${lines.join('\n')}\n`;
};

/**
 * The guarded ports stand in the rule itself: a terse listing, which is what drift is found by, leaves out timed sets. Where
 * the guard ends by itself they must be in one: the kernel lets go of them, and then every packet passes.
 */
const guardRules = (guarded: string, widens: boolean): string[] =>
  [
    'ct state established,related accept',
    `meta l4proto . th dport != ${guarded} accept`,
    'iif "lo" accept',
    'fib daddr type != local accept',
    ...passRules(widens),
  ].map((rule) => `add rule ${TABLE} guard ${rule}`);

/** Who holds a grant passes, and nobody else. */
const passRules = (widens: boolean): string[] => [
  'ip saddr . meta l4proto . th dport @grant4 accept',
  'ip6 saddr . meta l4proto . th dport @grant6 accept',
  'ip saddr . meta l4proto . th dport @range4 accept',
  'ip6 saddr . meta l4proto . th dport @range6 accept',
  ...(widens ? ['ip6 saddr . meta l4proto . th dport @wide6 accept'] : []),
  'counter drop',
];

/**
 * Packets of whoever has had a grant that cuts: established or not, they pass where the guard would let them begin. Of
 * ports that are not guarded everybody has the use, and of connections that are only routed everybody, too.
 */
const cutRules = (guarded: string, widens: boolean): string[] => [
  `add chain ${TABLE} cut { type filter hook prerouting priority ${String(CUT_PRIORITY)}; policy accept; }`,
  `add chain ${TABLE} granted`,
  ...passRules(widens).map((rule) => `add rule ${TABLE} granted ${rule}`),
  ...[
    `meta l4proto . th dport != ${guarded} accept`,
    'iif "lo" accept',
    'fib daddr type != local accept',
    ...['strict', 'strictrange'].flatMap((name) => [
      `ip saddr . meta l4proto . th dport @${name}4 goto granted`,
      `ip6 saddr . meta l4proto . th dport @${name}6 goto granted`,
    ]),
  ].map((rule) => `add rule ${TABLE} cut ${rule}`),
];

/** The guarded ports of a guard that ends by itself. */
const TRIAL_SET = 'trial';

const trialSet = (guard: readonly PortSpec[], left: string): string[] => [
  `add set ${TABLE} ${TRIAL_SET} { type inet_proto . inet_service; flags timeout, interval; }`,
  `add element ${TABLE} ${TRIAL_SET} { ${guard.map((spec) => `${ports(spec)} timeout ${left}`).join(', ')} }`,
];

/**
 * The source is changed only for connections whose destination was changed, from that client, to that inner host, by that
 * outer port. nft 1.0.6 knows the type of `ct original proto-dst` only behind a protocol, hence a rule for each.
 */
const forwardingRules = (): string[] => {
  const families = [
    { name: 'ip', number: 4 },
    { name: 'ip6', number: 6 },
  ];
  const destination = families.flatMap(({ name, number }) => {
    const client = `${name} saddr . meta l4proto . th dport`;
    return [
      `meta l4proto { tcp, udp } dnat ${name} to ${client} map @forward${String(number)}`,
      `dnat ${name} to ${client} map @through${String(number)}`,
      `meta l4proto { tcp, udp } redirect to :${client} map @local${String(number)}`,
    ];
  });
  const source = families.flatMap(({ name, number }) =>
    ['tcp', 'udp'].flatMap((protocol) => {
      const granted = `ct status dnat meta l4proto ${protocol}`;
      const flow = `${name} saddr . ${name} daddr . meta l4proto . ct original proto-dst`;
      return [
        `${granted} ${flow} @masquerade${String(number)} masquerade`,
        `${granted} snat ${name} to ${flow} map @source${String(number)}`,
      ];
    }),
  );
  return [
    `add chain ${TABLE} forwarding { type nat hook prerouting priority ${String(DNAT_PRIORITY)}; policy accept; }`,
    ...['fib daddr type != local accept', ...destination].map((rule) => `add rule ${TABLE} forwarding ${rule}`),
    `add chain ${TABLE} sources { type nat hook postrouting priority ${String(SNAT_PRIORITY)}; policy accept; }`,
    ...source.map((rule) => `add rule ${TABLE} sources ${rule}`),
  ];
};

const ports = (spec: PortSpec): string =>
  `${spec.protocol} . ${String(spec.first)}${spec.first === spec.last ? '' : `-${String(spec.last)}`}`;

/** Takes away everything that spad has in the firewall; no error where there is nothing. */
export const flushScript = (): string => `add table ${TABLE}\ndelete table ${TABLE}\n`;

/**
 * Carries out a change. `now` turns each end into what is left of it; what has ended already is not opened.
 *
 * An element is added, deleted and added again: adding alone would leave an existing one's timeout on older kernels, and
 * deleting alone fails where the kernel has let it go a moment ago.
 */
export const changeScript = (change: FirewallChange, now: SteadyMs): string => {
  const first = [...clear(change.close), ...clear(change.open)].map((line) => `${line}\n`);
  return first.join('') + fillScript(change.open, now);
};

/** Opens in sets that the same transaction has made: nothing can be there yet, so a third of the statements will do. */
export const fillScript = (openings: readonly Opening[], now: SteadyMs): string => {
  const open = openings.filter((opening) => opening.ends > now);
  return elements('add', open, timeoutAt(now))
    .map((line) => `${line}\n`)
    .join('');
};

/** What would fail where an element of these openings is missing; to be tried, not to be carried out. */
export const probeScript = (openings: readonly Opening[]): string => elements('delete', openings, () => '').join('\n');

/** The same for the ports of a guard that ends by itself. */
export const probeTrialScript = (guard: readonly PortSpec[]): string =>
  `delete element ${TABLE} ${TRIAL_SET} { ${guard.map(ports).join(', ')} }`;

const timeoutAt =
  (now: SteadyMs) =>
  (opening: Opening, { early }: Element): string =>
    ` timeout ${leftOf(opening.ends, now, early)}`;

const leftOf = (ends: SteadyMs, now: SteadyMs, early = 0): string => milliseconds(millisecondsLeft(ends, now, early));

/**
 * The timeout (ms) of an element that is to go at `ends`, or `early` milliseconds before. A part of a millisecond counts as a
 * whole one, and no timeout is zero, which would mean none.
 */
export const millisecondsLeft = (ends: SteadyMs, now: SteadyMs, early = 0): number =>
  Math.max(1, Math.ceil(ends - now) - early);

/** nft reads at most eight digits of them: a day and some hours. */
const milliseconds = (time: number): string =>
  time < 100_000_000 ? `${String(time)}ms` : `${String(Math.floor(time / 1000))}s${String(time % 1000)}ms`;

const clear = (openings: readonly Opening[]): string[] => [
  ...elements('add', openings, () => ' timeout 1d'),
  ...elements('delete', openings, () => ''),
];

/** One statement a set, for libnftables reads one of many elements faster than many of one. */
const elements = (
  verb: 'add' | 'delete',
  openings: readonly Opening[],
  attributes: (opening: Opening, element: Element) => string,
): string[] => {
  const texts = new Map<string, string[]>();
  for (const opening of openings) {
    for (const element of elementsOf(opening)) {
      const { set, key, value } = element;
      const list = texts.get(set) ?? [];
      texts.set(set, list);
      list.push(`${key}${attributes(opening, element)}${value === '' ? '' : ` : ${value}`}`);
    }
  }
  return SET_NAMES.flatMap((set) => {
    const list = texts.get(set);
    return list === undefined ? [] : [`${verb} element ${TABLE} ${set} { ${list.join(', ')} }`];
  });
};
