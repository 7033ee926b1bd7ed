/**
 * The timed sets and maps of the table `inet spad`, and the elements that an opening comes to. Single ports live in hash
 * sets, ranges in interval sets, where an insertion costs more.
 */
import { type Family, formatAddress } from '../base/address.ts';
import { formatAllowed } from '../base/allow-address.ts';
import type { Opening } from './opening.ts';

/** A set, or with `value` a map; there is one for each family, named `NAME4` and `NAME6`. */
interface SetShape {
  readonly name: string;
  readonly key: 'client' | 'flow';
  readonly value?: 'address' | 'port' | 'address-port';
  readonly flags: 'timeout' | 'timeout, interval';
}

/** Whom the guard lets pass. They come first wherever elements are added: see {@link PASS_MARGIN_MS}. */
const PASS_SETS = [
  { name: 'grant', key: 'client', flags: 'timeout' },
  { name: 'range', key: 'client', flags: 'timeout, interval' },
] as const satisfies readonly SetShape[];

/** Networks that the guard lets pass: of IPv6 alone, and so wide that no two overlap. There only where grants can widen. */
const WIDE_SETS = [{ name: 'wide', key: 'client', flags: 'timeout, interval' }] as const satisfies readonly SetShape[];

/** Whose connections pass only while they are let pass by the others. There only where grants can cut. */
const CUT_SETS = [
  { name: 'strict', key: 'client', flags: 'timeout' },
  { name: 'strictrange', key: 'client', flags: 'timeout, interval' },
] as const satisfies readonly SetShape[];

/** Where connections go, and the source that they bear then. There only where grants can forward. */
const FORWARD_SETS = [
  /** To a port of an inner host. */
  { name: 'forward', key: 'client', value: 'address-port', flags: 'timeout' },
  /** To the same ports of an inner host. */
  { name: 'through', key: 'client', value: 'address', flags: 'timeout, interval' },
  /** To another port of this host. */
  { name: 'local', key: 'client', value: 'port', flags: 'timeout' },
  { name: 'masquerade', key: 'flow', flags: 'timeout, interval' },
  { name: 'source', key: 'flow', value: 'address', flags: 'timeout, interval' },
] as const satisfies readonly SetShape[];

type ShapeName =
  (typeof PASS_SETS | typeof CUT_SETS | typeof WIDE_SETS)[number]['name'] | (typeof FORWARD_SETS)[number]['name'];
export type SetName = `${ShapeName}${Family}`;

const FAMILIES = [4, 6] as const satisfies readonly Family[];

/** Elements that a set takes at most, ten times as many as the ledger holds grants. The kernel takes memory as they come. */
const SET_SIZE = 1_048_576;

const namesOf = (shapes: readonly { readonly name: ShapeName }[]): readonly SetName[] =>
  shapes.flatMap(({ name }) => FAMILIES.map((family): SetName => `${name}${family}`));

const PASS_NAMES = namesOf(PASS_SETS);

/** In the order in which elements are added. */
export const SET_NAMES: readonly SetName[] = [...PASS_NAMES, 'wide6', ...namesOf(CUT_SETS), ...namesOf(FORWARD_SETS)];

/** Which sets there are beside those of single hosts. */
export interface SetParts {
  readonly forwards: boolean;
  readonly cuts: boolean;
  readonly widens: boolean;
}

/** The statements that make the sets empty. */
export const declareSets = (table: string, { forwards, cuts, widens }: SetParts): readonly string[] => [
  ...(widens ? WIDE_SETS.map((shape) => declareSet(table, shape, 6)) : []),
  ...[...PASS_SETS, ...(cuts ? CUT_SETS : []), ...(forwards ? FORWARD_SETS : [])].flatMap((shape: SetShape) =>
    FAMILIES.map((family) => declareSet(table, shape, family)),
  ),
];

const declareSet = (table: string, { name, key, value, flags }: SetShape, family: Family): string => {
  const address = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  const type = `${address}${key === 'flow' ? ` . ${address}` : ''} . inet_proto . inet_service`;
  const values = { address, port: 'inet_service', 'address-port': `${address} . inet_service` };
  const target = value === undefined ? '' : ` : ${values[value]}`;
  const kind = value === undefined ? 'set' : 'map';
  return `add ${kind} ${table} ${name}${String(family)} { type ${type}${target}; size ${String(SET_SIZE)}; flags ${flags}; }`;
};

/** One element of a set or map, as nft reads it. */
export interface Element {
  readonly set: SetName;
  readonly key: string;
  /** What the map gives for the key; empty in a set. */
  readonly value: string;
  /** Milliseconds by which it goes before its opening does. */
  readonly early: number;
}

/**
 * A connection that has passed the guard must still find where to go: else it would arrive at this host's own port, which
 * nobody has granted. So the pass of a forwarded port is added first and ends this much earlier, which is two ticks of the
 * slowest kernel clock (HZ=100).
 */
export const PASS_MARGIN_MS = 20;

/** All that the kernel must hold for an opening. */
export const elementsOf = (opening: Opening): readonly Element[] => {
  const { address, protocol, first, last, forwarding } = opening;
  const family = address.family;
  const isRange = first !== last;
  const client = formatAllowed(address);
  const ports = `${protocol} . ${String(first)}${isRange ? `-${String(last)}` : ''}`;
  const element = (name: ShapeName, key: string, value: string, early = 0): Element => ({
    ...{ set: `${name}${family}`, key, value, early },
  });
  const key = `${client} . ${ports}`;
  if (opening.cuts === true) return [element(isRange ? 'strictrange' : 'strict', key, '')];
  const set = address.prefix !== undefined ? 'wide' : isRange ? 'range' : 'grant';
  const pass = element(set, key, '', forwarding === undefined ? 0 : PASS_MARGIN_MS);
  if (forwarding === undefined) return [pass];
  const { to, port, source } = forwarding;
  if (to === undefined) return port === undefined ? [pass] : [pass, element('local', key, String(port))];
  const inner = formatAddress(to);
  const flow = `${client} . ${inner} . ${ports}`;
  const target = isRange
    ? element('through', key, inner)
    : element('forward', key, `${inner} . ${String(port ?? first)}`);
  if (source === 'client') return [pass, target];
  if (source === 'masquerade') return [pass, target, element('masquerade', flow, '')];
  return [pass, target, element('source', flow, formatAddress(source))];
};
