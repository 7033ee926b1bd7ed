/**
 * A set of the operator's own ruleset that grants are put into (docs/firewalls/nft-set.md), and what the kernel tells
 * of it: its shape, and the elements in it that are not ours, which nothing here ever touches.
 */
import {
  cidrContains,
  compareCidr,
  type Family,
  formatAddress,
  formatCidr,
  hostCidr,
  type IpAddress,
  parseAddress,
  parseCidr,
} from '../base/address.ts';
import { own } from '../base/own.ts';
import { err, ok, type Result } from '../base/result.ts';

/** `inet filter allowed`. */
export interface SetPlace {
  readonly family: 'inet' | 'ip' | 'ip6';
  readonly table: string;
  readonly name: string;
}

export interface SetShape {
  readonly family: Family;
  /** What an element is made of. */
  readonly key: 'address' | 'address-port' | 'address-protocol-port';
  /** Whether an element may be a range. */
  readonly hasIntervals: boolean;
}

/** An element that is not ours. */
export interface ForeignElement {
  readonly covers: (address: IpAddress) => boolean;
  /** Undefined: any. */
  readonly protocol: string | undefined;
  readonly first: number;
  readonly last: number;
  /** Whether it goes by itself some time. */
  readonly isTimed: boolean;
}

/** One of ours, as it stands there. */
export interface OwnElement {
  /** As nft writes it: `192.0.2.9 . tcp . 22-25`. */
  readonly key: string;
  /** Milliseconds left, some of which the kernel's listing may have cut off. */
  readonly left: number;
}

export interface SetPicture {
  readonly place: SetPlace;
  readonly shape: SetShape;
  readonly foreign: readonly ForeignElement[];
  readonly own: readonly OwnElement[];
}

/** Tells our elements from the operator's. */
export const COMMENT = 'spad';

/** `inet filter allowed`; undefined where it is no such place. */
export const parseSetPlace = (text: string): SetPlace | undefined => {
  const [family, table, name, ...rest] = text.split(/\s+/);
  if (family !== 'inet' && family !== 'ip' && family !== 'ip6') return undefined;
  if (table === undefined || name === undefined || rest.length > 0) return undefined;
  return [table, name].every((word) => /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(word))
    ? { family, table, name }
    : undefined;
};

export const formatSetPlace = ({ family, table, name }: SetPlace): string => `${family} ${table} ${name}`;

/** What to add to a ruleset where there is no such set, or one that will not do. */
export const exampleSet = ({ name, family }: SetPlace): string =>
  `set ${name} { type ${family === 'ip6' ? 'ipv6_addr' : 'ipv4_addr'} . inet_proto . inet_service; flags timeout, interval; }`;

const SHAPES: Readonly<Record<string, Pick<SetShape, 'family' | 'key'>>> = {
  ipv4_addr: { family: 4, key: 'address' },
  ipv6_addr: { family: 6, key: 'address' },
  'ipv4_addr . inet_service': { family: 4, key: 'address-port' },
  'ipv6_addr . inet_service': { family: 6, key: 'address-port' },
  'ipv4_addr . inet_proto . inet_service': { family: 4, key: 'address-protocol-port' },
  'ipv6_addr . inet_proto . inet_service': { family: 6, key: 'address-protocol-port' },
};

/**
 * What the kernel tells of the set: `listing` is nft's JSON, `merges` whether it has the flag auto-merge, of which JSON
 * says nothing. Or a sentence that says what is wrong with the set and what to write.
 */
export const readSet = (place: SetPlace, listing: unknown, merges: boolean): Result<SetPicture, string> => {
  const shown = formatSetPlace(place);
  const set = setIn(listing);
  if (set === undefined) return err(`there is no set ${shown}: add to the table "${exampleSet(place)}"`);
  const type = textsOf(set['type']).join(' . ');
  const flags = textsOf(set['flags']);
  const shape = own(SHAPES, type);
  if (shape === undefined)
    return err(`the set ${shown} has the type "${type}", which holds no openings: make it "${exampleSet(place)}"`);
  const hasIntervals = flags.includes('interval');
  if (!flags.includes('timeout'))
    return err(
      `the set ${shown} has no flag timeout: write "flags timeout${hasIntervals ? ', interval' : ''};" into it`,
    );
  if (merges)
    return err(`the set ${shown} has auto-merge, by which nftables would join our elements to others: take it out`);
  const elements = listOf(set['elem']).map(readElement);
  const known = elements.filter((element) => element !== undefined);
  return ok({
    ...{ place, shape: { ...shape, hasIntervals } },
    foreign: known.filter((element) => !element.isOwn).map(({ foreign }) => foreign),
    own: known.flatMap(({ isOwn, key, left }) => (isOwn ? [{ key, left }] : [])),
  });
};

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textsOf = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');

const setIn = (listing: unknown): Fields | undefined => {
  const objects = listOf(fieldsOf(listing)['nftables']).map(fieldsOf);
  const set = objects.find((object) => 'set' in object)?.['set'];
  return set === undefined ? undefined : fieldsOf(set);
};

interface ReadElement {
  readonly isOwn: boolean;
  readonly key: string;
  readonly left: number;
  readonly foreign: ForeignElement;
}

const readElement = (value: unknown): ReadElement | undefined => {
  const wrapped = fieldsOf(value)['elem'];
  const { val = value, comment, expires } = wrapped === undefined ? {} : fieldsOf(wrapped);
  const parts = listOf(fieldsOf(val)['concat'] ?? [val]);
  const address = readAddresses(parts[0]);
  const ports = parts.length > 1 ? readPorts(parts.at(-1)) : { first: 0, last: 65_535, text: '' };
  if (address === undefined || ports === undefined) return undefined;
  const protocol = parts.length > 2 ? protocolOf(parts[1]) : undefined;
  const key = [address.text, ...(protocol === undefined ? [] : [protocol]), ...(ports.text === '' ? [] : [ports.text])];
  const { first, last } = ports;
  return {
    ...{ isOwn: comment === COMMENT, key: key.join(' . '), left: typeof expires === 'number' ? expires * 1000 : 0 },
    foreign: { covers: address.covers, protocol, first, last, isTimed: expires !== undefined },
  };
};

/** nft writes the number where the host has no /etc/protocols. */
const protocolOf = (value: unknown): string => (value === 6 ? 'tcp' : value === 17 ? 'udp' : String(value));

interface Addresses {
  readonly text: string;
  readonly covers: (address: IpAddress) => boolean;
}

/** An address, a network, or a range of addresses. */
const readAddresses = (value: unknown): Addresses | undefined => {
  const { prefix, range } = fieldsOf(value);
  if (range !== undefined) {
    const [low, high] = textsOf(range).map(parseAddress);
    return low && high && { text: `${formatAddress(low)}-${formatAddress(high)}`, covers: within(low, high) };
  }
  const { addr, len } = fieldsOf(prefix);
  const cidr = parseCidr(typeof value === 'string' ? value : `${String(addr)}/${String(len)}`);
  return cidr && { text: formatCidr(cidr), covers: (address) => cidrContains(cidr, address) };
};

const within = (low: IpAddress, high: IpAddress): Addresses['covers'] => {
  const [from, to] = [hostCidr(low), hostCidr(high)];
  return (address) => {
    const host = hostCidr(address);
    return address.family === low.family && compareCidr(from, host) <= 0 && compareCidr(host, to) <= 0;
  };
};

const readPorts = (value: unknown): { first: number; last: number; text: string } | undefined => {
  if (typeof value === 'number') return { first: value, last: value, text: String(value) };
  const { range, prefix } = fieldsOf(value);
  const { addr, len } = fieldsOf(prefix);
  if (typeof addr === 'number' && typeof len === 'number') return portRange(addr, addr + 2 ** (16 - len) - 1);
  const [first, last] = listOf(range);
  return typeof first === 'number' && typeof last === 'number' ? portRange(first, last) : undefined;
};

const portRange = (first: number, last: number): { first: number; last: number; text: string } => ({
  ...{ first, last, text: `${String(first)}-${String(last)}` },
});
