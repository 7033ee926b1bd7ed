/**
 * What the kernel says about connections it tracks: ctnetlink (linux/netfilter/nfnetlink_conntrack.h). Message heads are in
 * the machine's byte order, which is little-endian here, values inside in that of the network.
 */
import { type AddressKey, addressKeyAt } from '../base/address-key.ts';
import type { Protocol } from '../base/port-spec.ts';

/** An established connection, as its client opened it: before anything translated its destination. */
export interface Connection {
  readonly source: AddressKey;
  readonly destination: AddressKey;
  readonly protocol: Protocol;
  readonly port: number;
  /** Sent on to another host, or another port. */
  readonly isTranslated: boolean;
}

const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST_DUMP = 0x301;
const CT_NEW = 1 << 8;
const CT_GET = (1 << 8) | 1;
const HEADER = 16;
/** nlmsghdr and nfgenmsg. */
const HEADERS = HEADER + 4;

const CTA_TUPLE_ORIG = 1;
const CTA_STATUS = 3;
const CTA_PROTOINFO = 4;
const CTA_STATUS_MASK = 26;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_DST_PORT = 3;
const CTA_PROTOINFO_TCP = 1;
const CTA_PROTOINFO_TCP_STATE = 1;
const TCP_ESTABLISHED = 3;
const PROTOCOLS: Readonly<Record<number, Protocol>> = { 6: 'tcp', 17: 'udp' };

/** Packets have gone both ways, and more than once. */
const IPS_ASSURED = 1 << 2;
const IPS_DST_NAT = 1 << 5;

/** Asks for all connections of both families, where the kernel is new enough (5.14) only the assured ones. */
export const connectionsQuestion = (): Uint8Array => {
  const question = new Uint8Array(HEADERS + 16);
  const view = new DataView(question.buffer);
  view.setUint32(0, question.length, true);
  view.setUint16(4, CT_GET, true);
  view.setUint16(6, NLM_F_REQUEST_DUMP, true);
  for (const [index, type] of [CTA_STATUS, CTA_STATUS_MASK].entries()) {
    const at = HEADERS + 8 * index;
    view.setUint16(at, 8, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, IPS_ASSURED);
  }
  return question;
};

/**
 * Reads one part of the answer, and shows each established connection in it. `error` is the system's number; what cannot be
 * read is passed over.
 */
export const readConnections = (
  answer: Uint8Array,
  onConnection: (connection: Connection) => void,
): { readonly kind: 'more' } | { readonly kind: 'done' } | { readonly kind: 'failed'; readonly error: number } => {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  for (let at = 0; at + HEADER <= answer.length;) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > answer.length) break;
    const type = view.getUint16(at + 4, true);
    if (type === NLMSG_DONE) return { kind: 'done' };
    if (type === NLMSG_ERROR && length >= HEADER + 4)
      return { kind: 'failed', error: -view.getInt32(at + HEADER, true) };
    const connection = type === CT_NEW ? readConnection(answer.subarray(at + HEADERS, at + length)) : undefined;
    if (connection !== undefined) onConnection(connection);
    at += (length + 3) & ~3;
  }
  return { kind: 'more' };
};

/** Undefined where it is not established: a TCP connection that is being made or ended, or UDP that is not assured. */
const readConnection = (bytes: Uint8Array): Connection | undefined => {
  const attributes = attributesOf(bytes);
  const tuple = attributesOf(attributes.get(CTA_TUPLE_ORIG));
  const ports = attributesOf(tuple.get(CTA_TUPLE_PROTO));
  const protocol = PROTOCOLS[ports.get(CTA_PROTO_NUM)?.[0] ?? 0];
  const status = numberIn(attributes.get(CTA_STATUS)) ?? 0;
  const port = numberIn(ports.get(CTA_PROTO_DST_PORT));
  if (protocol === undefined || port === undefined || (status & IPS_ASSURED) === 0) return undefined;
  if (protocol === 'tcp') {
    const info = attributesOf(attributesOf(attributes.get(CTA_PROTOINFO)).get(CTA_PROTOINFO_TCP));
    if (info.get(CTA_PROTOINFO_TCP_STATE)?.[0] !== TCP_ESTABLISHED) return undefined;
  }
  const addresses = attributesOf(tuple.get(CTA_TUPLE_IP));
  const [source, destination] = [addressIn(addresses, 1, 3), addressIn(addresses, 2, 4)];
  if (source === undefined || destination === undefined) return undefined;
  return { source, destination, protocol, port, isTranslated: (status & IPS_DST_NAT) !== 0 };
};

const addressIn = (addresses: ReadonlyMap<number, Uint8Array>, v4: number, v6: number): AddressKey | undefined => {
  const [short, long] = [addresses.get(v4), addresses.get(v6)];
  if (short?.length === 4) return addressKeyAt(short, 0, 4);
  return long?.length === 16 ? addressKeyAt(long, 0, 6) : undefined;
};

const numberIn = (bytes: Uint8Array | undefined): number | undefined =>
  bytes === undefined ? undefined : bytes.reduce((value, byte) => value * 256 + byte, 0);

/** By type; the bits that say "nested" and "in the network's order" left out. */
const attributesOf = (bytes: Uint8Array = new Uint8Array()): ReadonlyMap<number, Uint8Array> => {
  const found = new Map<number, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    found.set(view.getUint16(at + 2, true) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
};
