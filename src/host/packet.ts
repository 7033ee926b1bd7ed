/** The packet that is walked through the rules: what is known of it, and what the rules have made of it so far. */
import { formatAddress, type IpAddress } from '../base/address.ts';
import type { Protocol } from '../base/port-spec.ts';
import type { Element, Field, Part, Value } from './ruleset.ts';
import { all, any, type Tri } from './tri.ts';

export type CtState = 'new' | 'established' | 'untracked' | 'invalid';

/** The beginning of a connection, or a packet in the midst of one. */
export interface Probe {
  readonly state: 'new' | 'established';
  readonly protocol: Protocol;
  readonly from: IpAddress;
  readonly to: IpAddress;
  readonly fromPort: number;
  readonly toPort: number;
  /** Where it comes in; empty for what this host sends. */
  readonly comesIn: string;
  /** Where it goes out; empty for what comes in, until it turns out that it is forwarded. */
  readonly goesOut: string;
}

/** What rules change. `unsure`: some rule may have changed it. */
export interface Packet {
  readonly probe: Probe;
  /** This host's addresses. */
  readonly local: readonly IpAddress[];
  to: IpAddress;
  toPort: number;
  /** All that it may be. */
  states: readonly CtState[];
  mark: bigint | undefined;
  isTranslated: boolean;
  /** Where it goes out, empty for what comes in; undefined: that is not known. */
  goesOut: string | undefined;
}

export const packetOf = (probe: Probe, local: readonly IpAddress[]): Packet => ({
  ...{ probe, local, to: probe.to, toPort: probe.toPort, states: ['invalid'], mark: 0n },
  ...{ isTranslated: false, goesOut: probe.goesOut },
});

export const numberOf = ({ bytes }: IpAddress): bigint => bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

export const isLocal = ({ local }: Packet, address: IpAddress): boolean => {
  const text = formatAddress(address);
  return local.some((own) => formatAddress(own) === text);
};

/** `fin`, `syn`, `rst`, `psh`, `ack`, `urg` are the bits of TCP's flags, from the lowest (RFC 9293). */
export const TCP_FLAGS: Readonly<Record<string, bigint>> = {
  ...{ fin: 1n, syn: 2n, rst: 4n, psh: 8n, ack: 16n, urg: 32n, ecn: 64n, cwr: 128n },
};

const PROTOCOLS = { tcp: 6n, udp: 17n } as const;

/**
 * What a field may be: one value or several; none where the packet has no such field, and then no rule about it fits;
 * undefined where it is not known here.
 */
const valuesOf = (field: Field, packet: Packet): readonly Value[] | undefined => {
  const { probe } = packet;
  switch (field) {
    case 'iif':
      return [probe.comesIn];
    case 'oif':
      return packet.goesOut === undefined ? undefined : [packet.goesOut];
    case 'saddr':
      return [numberOf(probe.from)];
    case 'daddr':
      return [numberOf(packet.to)];
    case 'protocol':
      return [PROTOCOLS[probe.protocol]];
    case 'family':
      return [BigInt(probe.to.family)];
    case 'sport':
      return [BigInt(probe.fromPort)];
    case 'dport':
      return [BigInt(packet.toPort)];
    case 'origin-dport':
      return [BigInt(probe.toPort)];
    case 'saddr-type':
      return [isLocal(packet, probe.from) ? 'local' : 'unicast'];
    case 'daddr-type':
      return [isLocal(packet, packet.to) ? 'local' : 'unicast'];
    case 'packet-type':
      return ['host'];
    case 'way-back':
      return ['yes'];
    case 'ct-state':
    case 'ct-status':
    case 'ct-mark':
    case 'mark':
    case 'tcp-flags':
      return stateOf(field, packet);
  }
};

const stateOf = (
  field: 'ct-state' | 'ct-status' | 'ct-mark' | 'mark' | 'tcp-flags',
  packet: Packet,
): readonly Value[] | undefined => {
  const isNew = packet.probe.state === 'new';
  switch (field) {
    case 'ct-state':
      return packet.states;
    case 'ct-status':
      return isNew ? [packet.isTranslated ? 'dnat' : 'none'] : undefined;
    case 'ct-mark':
      return isNew ? [0n] : undefined;
    case 'mark':
      return packet.mark === undefined ? undefined : [packet.mark];
    case 'tcp-flags':
      return packet.probe.protocol === 'tcp' ? [isNew ? 2n : 16n] : [];
  }
};

const fits = (part: Part, value: Value, mask: bigint | undefined): Tri => {
  if (part.kind === 'doubt') return 'unsure';
  if (part.kind === 'word') {
    if (typeof value !== 'string') return 'no';
    const isPrefix = part.word.endsWith('*');
    return (isPrefix ? value.startsWith(part.word.slice(0, -1)) : value === part.word) ? 'yes' : 'no';
  }
  if (typeof value !== 'bigint') return 'no';
  const masked = mask === undefined ? value : value & mask;
  return part.from <= masked && masked <= part.to ? 'yes' : 'no';
};

const agreed = (answers: readonly Tri[]): Tri =>
  answers.every((answer) => answer === answers[0]) ? (answers[0] ?? 'no') : 'unsure';

/** Whether the fields of a packet are just this element. */
export const elementFits = (fields: readonly Field[], element: Element, packet: Packet, mask?: bigint): Tri =>
  all(
    fields.map((field, index) => {
      const [part, values] = [element[index], valuesOf(field, packet)];
      if (part === undefined || values === undefined) return 'unsure';
      return agreed(values.map((value) => fits(part, value, mask)));
    }),
  );

/** Whether the fields of a packet are one of the elements. */
export const fitsAny = (
  fields: readonly Field[],
  elements: readonly Element[],
  packet: Packet,
  mask: bigint | undefined,
): Tri => {
  const [field] = fields;
  if (fields.length > 1 || field === undefined)
    return any(elements.map((element) => elementFits(fields, element, packet, mask)));
  // What is one of two states, both of them among the elements, fits for sure.
  const values = valuesOf(field, packet);
  if (values === undefined) return elements.length === 0 ? 'no' : 'unsure';
  return agreed(
    values.map((value) => any(elements.map(([part]) => (part === undefined ? 'unsure' : fits(part, value, mask))))),
  );
};

/** Whether a packet has this field at all. */
export const hasField = (field: Field, packet: Packet): boolean => valuesOf(field, packet)?.length !== 0;
