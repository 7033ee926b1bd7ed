/**
 * What an opening comes to in iptables: rules, in the spelling of `iptables-save`, by which they are found again.
 *
 * Who has a grant passes the guard (mangle, before DNAT) and is accepted in filter, so that a host that closes its ports
 * by policy opens them, too. Where a grant forwards, NAT says where to, and FORWARD lets through what went there.
 */
import { type Family, formatAddress, type IpAddress } from '../base/address.ts';
import { type AllowAddress, formatAllowed } from '../base/allow-address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import { dateStop } from './date-stop.ts';
import type { Opening } from './opening.ts';

export const TABLES = ['nat', 'filter', 'mangle'] as const;
export type Table = (typeof TABLES)[number];

/** Our chains, the tables that they are in, and the chains of the kernel that they are called first from. */
export const CHAINS = {
  'SPAD-GUARD': { table: 'mangle', hook: 'PREROUTING' },
  /** What comes to a guarded port: those who have a grant, then the drop. */
  'SPAD-GRANT': { table: 'mangle', hook: undefined },
  'SPAD-ACCEPT': { table: 'filter', hook: 'INPUT' },
  /** The next three are there only where grants can forward. */
  'SPAD-ONWARD': { table: 'filter', hook: 'FORWARD' },
  'SPAD-FORWARD': { table: 'nat', hook: 'PREROUTING' },
  'SPAD-SOURCE': { table: 'nat', hook: 'POSTROUTING' },
} as const satisfies Readonly<Record<string, { readonly table: Table; readonly hook: string | undefined }>>;

export type ChainName = keyof typeof CHAINS;

export interface Rule {
  readonly chain: ChainName;
  /** What follows the name of the chain. */
  readonly text: string;
}

/** What decides how rules are written, beside what is wanted. */
export interface RuleStyle {
  /** See {@link clockDistance}; undefined where the kernel cannot end rules. */
  readonly distance: number | undefined;
  /** Whether single ports stand in a set, by which {@link passSet} is named, and not in rules. */
  readonly inSets: boolean;
}

/** The set of those who may pass. */
export const passSet = (family: Family): string => `spad-grants${String(family)}`;

/** Whether an opening stands in the set. A range or a network would be an element for each of its ports or hosts, so it is a rule. */
export const isElement = ({ address, first, last }: Opening): boolean => first === last && address.prefix === undefined;

/**
 * Where connections go is known for longer than that they pass: else one would arrive at this host's own port, which
 * nobody has granted. Seconds; more than an element of a set lives on after its end, the tolerance of clocks included.
 */
const FORWARDING_LATER = 2;

export const rulesOf = (opening: Opening, style: RuleStyle): readonly Rule[] => {
  const { address, protocol, forwarding, ends } = opening;
  const client = `-s ${host(address)}`;
  const outer = `-p ${protocol} ${matchPorts(opening)}`;
  const until = endOf(ends, style);
  const inSet = style.inSets && isElement(opening);
  const passes = inSet ? [] : [rule('SPAD-GRANT', `${client} ${outer}${until} -j RETURN`)];
  if (forwarding === undefined || (forwarding.to === undefined && forwarding.port === undefined)) {
    return inSet ? [] : [...passes, rule('SPAD-ACCEPT', `${client} ${outer}${until} -j ACCEPT`)];
  }
  const { to, port, source } = forwarding;
  const later = endOf(ends, style, FORWARDING_LATER);
  const inner = `-p ${protocol} ${matchPorts(port === undefined ? opening : { protocol, first: port, last: port })}`;
  const forwarded = `-m conntrack --ctstate DNAT --ctorigdstport ${portsOf(opening)}`;
  if (to === undefined) {
    return [
      ...passes,
      rule('SPAD-FORWARD', `${client} ${outer}${later} -j REDIRECT --to-ports ${String(port)}`),
      rule('SPAD-ACCEPT', `${client} ${inner} ${forwarded}${until} -j ACCEPT`),
    ];
  }
  const flow = `${client} -d ${host(to)} ${inner} ${forwarded}`;
  return [
    ...passes,
    rule('SPAD-FORWARD', `${client} ${outer}${later} -j DNAT --to-destination ${destination(to, port)}`),
    rule('SPAD-ONWARD', `${flow}${until} -j ACCEPT`),
    ...(source === 'client' ? [] : [rule('SPAD-SOURCE', `${flow}${later} -j ${sourceTarget(source)}`)]),
  ];
};

const rule = (chain: ChainName, text: string): Rule => ({ chain, text });

const host = (address: AllowAddress): string =>
  address.prefix === undefined
    ? `${formatAllowed(address)}/${address.family === 4 ? '32' : '128'}`
    : formatAllowed(address);

/** `22` or `8000:8010`. */
export const portsOf = ({ first, last }: PortSpec): string =>
  first === last ? String(first) : `${String(first)}:${String(last)}`;

/** `-m tcp --dport 22`. */
export const matchPorts = (spec: PortSpec): string => `-m ${spec.protocol} --dport ${portsOf(spec)}`;

/** The match that ends a rule, after a blank; nothing where it stays. */
export const endOf = (ends: Opening['ends'], { distance }: RuleStyle, later = 0): string =>
  distance === undefined ? '' : ` -m time --datestop ${dateStop(ends, distance, later)}`;

const destination = (to: IpAddress, port: number | undefined): string => {
  if (port === undefined) return formatAddress(to);
  return `${to.family === 4 ? formatAddress(to) : `[${formatAddress(to)}]`}:${String(port)}`;
};

const sourceTarget = (source: 'masquerade' | IpAddress): string =>
  source === 'masquerade' ? 'MASQUERADE' : `SNAT --to-source ${formatAddress(source)}`;
