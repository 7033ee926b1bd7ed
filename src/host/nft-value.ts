/** The left and right sides of what nft's JSON compares (libnftables-json(5)). */
import { addressBits, parseAddress } from '../base/address.ts';
import { own } from '../base/own.ts';
import { isObject, type JsonObject, listOf, numberAt, objectAt, textAt } from './json.ts';
import { numberOf, TCP_FLAGS } from './packet.ts';
import { type Element, type Field, match, type Part, PROTOCOL_NUMBERS, span, type Step, word } from './ruleset.ts';

/** What is looked at. `needs`: what a packet must be to have it at all. */
export interface Left {
  readonly field: Field;
  readonly needs: readonly Step[];
  readonly mask?: bigint;
}

/** The elements of the named sets and maps of one table, as they stand in the JSON. */
export type Sets = ReadonlyMap<string, readonly unknown[]>;

const family = (number: 4 | 6): Step => match('family', [span(number)]);
const protocol = (...names: readonly string[]): Step =>
  match(
    'protocol',
    names.map((name) => span(PROTOCOL_NUMBERS[name] ?? 0)),
  );

const META: Readonly<Record<string, Field>> = {
  ...{ iif: 'iif', iifname: 'iif', oif: 'oif', oifname: 'oif', l4proto: 'protocol', nfproto: 'family' },
  ...{ protocol: 'family', mark: 'mark', pkttype: 'packet-type' },
};

const CT: Readonly<Record<string, Field>> = { state: 'ct-state', status: 'ct-status', mark: 'ct-mark' };

/** Undefined where it is not understood. */
export const readLeft = (left: unknown): Left | undefined => {
  if (!isObject(left)) return undefined;
  const { meta, payload, ct, fib } = left;
  const masked = left['&'];
  if (Array.isArray(masked)) return readMasked(masked);
  if (meta !== undefined) return plain(own(META, textAt(meta, 'key') ?? ''));
  if (payload !== undefined) return readPayload(payload);
  if (ct !== undefined) {
    const key = textAt(ct, 'key') ?? '';
    if (key === 'proto-dst' && textAt(ct, 'dir') === 'original') return plain('origin-dport');
    return textAt(ct, 'dir') === undefined ? plain(own(CT, key)) : undefined;
  }
  return fib === undefined ? undefined : readFib(fib);
};

const plain = (field: Field | undefined): Left | undefined => (field === undefined ? undefined : { field, needs: [] });

const readMasked = ([inner, mask]: readonly unknown[]): Left | undefined => {
  const left = readLeft(inner);
  const bits = left && flagBits(left.field, mask);
  return left === undefined || bits === undefined ? undefined : { ...left, mask: bits };
};

const readPayload = (payload: unknown): Left | undefined => {
  const [header, name] = [textAt(payload, 'protocol') ?? '', textAt(payload, 'field') ?? ''];
  switch (header) {
    case 'ip':
    case 'ip6': {
      const needs = [family(header === 'ip' ? 4 : 6)];
      if (name === 'saddr' || name === 'daddr') return { field: name, needs };
      return name === 'protocol' || name === 'nexthdr' ? { field: 'protocol', needs } : undefined;
    }
    case 'tcp':
    case 'udp':
    case 'th': {
      const needs = header === 'th' ? [] : [protocol(header)];
      if (name === 'sport' || name === 'dport') return { field: name, needs };
      return header === 'tcp' && name === 'flags' ? { field: 'tcp-flags', needs } : undefined;
    }
    default:
      return undefined;
  }
};

const readFib = (fib: unknown): Left | undefined => {
  const flags = listOf(isObject(fib) ? fib['flags'] : undefined);
  const result = textAt(fib, 'result');
  if (result === 'type') return plain(flags.includes('saddr') ? 'saddr-type' : 'daddr-type');
  return result === 'oif' && flags.includes('saddr') ? plain('way-back') : undefined;
};

/** What a packet must be for a payload that is not understood; a packet that is walked here may never be it. */
export const needsOf = (left: unknown): readonly Step[] => {
  const header = textAt(objectAt(left, 'payload'), 'protocol');
  if (header === 'ip' || header === 'ip6') return [family(header === 'ip' ? 4 : 6)];
  return header !== undefined && Object.hasOwn(PROTOCOL_NUMBERS, header) ? [protocol(header)] : [];
};

/** Flags may be a number, one name, or a list of names. */
export const flagBits = (field: Field, right: unknown): bigint | undefined => {
  if (typeof right === 'number' && Number.isInteger(right)) return BigInt(right);
  if (field !== 'tcp-flags') return undefined;
  let bits = 0n;
  for (const name of listOf(isObject(right) ? right['|'] : right)) {
    const bit = typeof name === 'string' ? own(TCP_FLAGS, name) : undefined;
    if (bit === undefined) return undefined;
    bits |= bit;
  }
  return bits;
};

/** The elements that the fields are compared with. Those of a set that is not known are in doubt. */
export const readElements = (fields: readonly Field[], right: unknown, sets: Sets): readonly Element[] => {
  if (typeof right === 'string' && right.startsWith('@')) {
    const found = sets.get(right.slice(1));
    return found === undefined ? [fields.map((): Part => DOUBT)] : found.map((item) => readElement(fields, item));
  }
  if (isObject(right) && right['set'] !== undefined) {
    return listOf(right['set']).map((item) => readElement(fields, item));
  }
  // A list stands for any of its flags; of TCP's, for all of them at once.
  if (Array.isArray(right) && fields[0] !== 'tcp-flags') return right.map((item) => readElement(fields, item));
  return [readElement(fields, right)];
};

/** One element; of a map, its key. */
export const readElement = (fields: readonly Field[], item: unknown): Element => {
  const bare = isObject(item) && isObject(item['elem']) ? item['elem']['val'] : item;
  const parts = isObject(bare) && Array.isArray(bare['concat']) ? (bare['concat'] as readonly unknown[]) : [bare];
  return fields.map((field, index) => readPart(field, parts[index]));
};

const DOUBT: Part = { kind: 'doubt' };

const FAMILY_NUMBERS: Readonly<Record<string, number>> = { ipv4: 4, ipv6: 6, ip: 4, ip6: 6 };

const readPart = (field: Field, item: unknown): Part => {
  if (isObject(item)) return readSpan(field, item);
  switch (field) {
    case 'saddr':
    case 'daddr':
    case 'protocol':
    case 'family':
    case 'sport':
    case 'dport':
    case 'origin-dport':
    case 'mark':
    case 'ct-mark':
    case 'tcp-flags': {
      const number = readNumber(field, item);
      return number === undefined ? DOUBT : span(number);
    }
    case 'way-back':
      // `missing` is written as false.
      return item === false ? word('no') : DOUBT;
    case 'packet-type':
      return typeof item === 'string' ? word(item === 'unicast' ? 'host' : item) : DOUBT;
    case 'iif':
    case 'oif':
    case 'ct-state':
    case 'ct-status':
    case 'saddr-type':
    case 'daddr-type':
      return typeof item === 'string' ? word(item) : DOUBT;
  }
};

const readSpan = (field: Field, item: JsonObject): Part => {
  const prefix = objectAt(item, 'prefix');
  if (prefix !== undefined) {
    const address = parseAddress(textAt(prefix, 'addr') ?? '');
    const length = numberAt(prefix, 'len');
    if (address === undefined || length === undefined) return DOUBT;
    const from = numberOf(address);
    return span(from, from + (1n << BigInt(addressBits(address.family) - length)) - 1n);
  }
  const [from, to] = listOf(item['range']).map((end) => readNumber(field, end));
  return from === undefined || to === undefined ? DOUBT : span(from, to);
};

const readNumber = (field: Field, item: unknown): bigint | undefined => {
  if (field === 'tcp-flags') return flagBits(field, item);
  if (typeof item === 'number' && Number.isInteger(item) && item >= 0) return BigInt(item);
  if (typeof item !== 'string') return undefined;
  if (field === 'protocol') return BigInt(own(PROTOCOL_NUMBERS, item) ?? OTHER_PROTOCOL);
  if (field === 'family') return BigInt(own(FAMILY_NUMBERS, item) ?? 0);
  const address = parseAddress(item);
  return address === undefined ? undefined : numberOf(address);
};

/** No protocol of ours has this number: 255 is reserved. */
const OTHER_PROTOCOL = 255;
