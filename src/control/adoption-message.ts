/**
 * Tells the kernel's connection tracking of a connection that it has not seen begin: ctnetlink
 * (linux/netfilter/nfnetlink_conntrack.h, nf_conntrack_tcp.h). Heads of messages and attributes are in the machine's byte
 * order, which is taken to be little-endian, values in that of the network.
 */
import type { IpAddress } from '../base/address.ts';
import type { Port } from '../base/units.ts';
import type { Connection } from './connection.ts';

const CT_NEW = 1 << 8;
/** Request, acknowledge, create, and leave alone what is there. */
const FLAGS = 0x1 | 0x4 | 0x400 | 0x200;
const FAMILY = { 4: 2, 6: 10 } as const;
const NESTED = 0x8000;

const CTA_TUPLE_ORIG = 1;
const CTA_TUPLE_REPLY = 2;
const CTA_STATUS = 3;
const CTA_PROTOINFO = 4;
const CTA_TIMEOUT = 7;
const CTA_TUPLE_IP = 1;
const CTA_TUPLE_PROTO = 2;
/** Source; the destination is the number behind it. */
const CTA_IP_SRC = { 4: 1, 6: 3 } as const;
const CTA_PROTO_NUM = 1;
const CTA_PROTO_SRC_PORT = 2;
const CTA_PROTO_DST_PORT = 3;
const CTA_PROTOINFO_TCP = 1;
const CTA_TCP_STATE = 1;
const CTA_TCP_FLAGS_ORIGINAL = 4;
const CTA_TCP_FLAGS_REPLY = 5;

const TCP = 6;
const STATE_ESTABLISHED = 3;
/** Sequence numbers are not held against windows, which nobody knows; value and mask. */
const BE_LIBERAL = [0x08, 0x08];
/** Packets have gone both ways; not to be dropped early; confirmed. */
const STATUS = (1 << 1) | (1 << 2) | (1 << 3);
/** The kernel's own, five days: each packet begins it anew. */
const TIMEOUT_SECONDS = 432_000;

/** One message. The kernel answers it with {@link adoptionError}. */
export const adoptionMessage = (connection: Connection): Uint8Array => {
  const { client, clientPort, server, serverPort } = connection;
  const liberal = Uint8Array.from(BE_LIBERAL);
  const tcp = [
    attribute(CTA_TCP_STATE, Uint8Array.of(STATE_ESTABLISHED)),
    attribute(CTA_TCP_FLAGS_ORIGINAL, liberal),
    attribute(CTA_TCP_FLAGS_REPLY, liberal),
  ];
  const body = joined([
    Uint8Array.of(FAMILY[client.family], 0, 0, 0),
    nested(CTA_TUPLE_ORIG, tuple(client, clientPort, server, serverPort)),
    nested(CTA_TUPLE_REPLY, tuple(server, serverPort, client, clientPort)),
    attribute(CTA_STATUS, u32(STATUS)),
    nested(CTA_PROTOINFO, [nested(CTA_PROTOINFO_TCP, tcp)]),
    attribute(CTA_TIMEOUT, u32(TIMEOUT_SECONDS)),
  ]);
  const head = new DataView(new ArrayBuffer(16));
  head.setUint32(0, 16 + body.length, true);
  head.setUint16(4, CT_NEW, true);
  head.setUint16(6, FLAGS, true);
  return joined([new Uint8Array(head.buffer), body]);
};

const tuple = (source: IpAddress, sourcePort: Port, destination: IpAddress, port: Port): readonly Uint8Array[] => {
  const first = CTA_IP_SRC[source.family];
  return [
    nested(CTA_TUPLE_IP, [attribute(first, source.bytes), attribute(first + 1, destination.bytes)]),
    nested(CTA_TUPLE_PROTO, [
      attribute(CTA_PROTO_NUM, Uint8Array.of(TCP)),
      attribute(CTA_PROTO_SRC_PORT, u16(sourcePort)),
      attribute(CTA_PROTO_DST_PORT, u16(port)),
    ]),
  ];
};

const nested = (type: number, attributes: readonly Uint8Array[]): Uint8Array =>
  attribute(type | NESTED, joined(attributes));

/** Length and type, then the value, filled up to a multiple of four bytes. */
const attribute = (type: number, value: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array((4 + value.length + 3) & ~3);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 4 + value.length, true);
  view.setUint16(2, type, true);
  bytes.set(value, 4);
  return bytes;
};

const u16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);
const u32 = (value: number): Uint8Array =>
  Uint8Array.of(value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

const NLMSG_ERROR = 2;
const EEXIST = 17;

/** The system's error number in the kernel's answer; 0 where the connection is tracked now, be it since before. */
export const adoptionError = (answer: Uint8Array): number | undefined => {
  const view = new DataView(answer.buffer, answer.byteOffset, answer.length);
  if (answer.length < 20 || view.getUint16(4, true) !== NLMSG_ERROR) return undefined;
  const error = Math.abs(view.getInt32(16, true));
  return error === EEXIST ? 0 : error;
};
