/** Frames made by hand from the formats' own documents, for the tests of the decoder. Every number stands in the open. */
import type { LinkType } from '../../../src/frame/link.ts';
import { hex, ip } from '../values.ts';

export const join = (...parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]));

const u16 = (value: number): Uint8Array => Uint8Array.of((value >> 8) & 0xff, value & 0xff);

/** RFC 768; `length` in the header may lie. */
export const udp = (payload: Uint8Array, from = 40_000, to = 62_201, length = payload.length + 8): Uint8Array =>
  join(u16(from), u16(to), u16(length), u16(0), payload);

/** RFC 9293, with `optionWords` words of options (all NOP). */
export const tcp = (payload: Uint8Array, flags: number, from = 40_000, to = 22, optionWords = 0): Uint8Array =>
  join(
    u16(from),
    u16(to),
    hex('11223344 55667788'),
    Uint8Array.of((5 + optionWords) << 4, flags),
    hex('ffff 0000 0000'),
    new Uint8Array(4 * optionWords).fill(1),
    payload,
  );

export interface V4Options {
  readonly protocol?: number;
  /** Header length in 32-bit words, and what follows the fixed 20 bytes. */
  readonly words?: number;
  readonly options?: Uint8Array;
  readonly total?: number;
  /** Flags and offset, as one 16-bit field. */
  readonly fragment?: number;
}

/** RFC 791: 192.0.2.1 to 198.51.100.7. */
export const v4 = (payload: Uint8Array, options: V4Options = {}): Uint8Array => {
  const extra = options.options ?? new Uint8Array(0);
  const words = options.words ?? 5 + extra.length / 4;
  return join(
    Uint8Array.of(0x40 | words, 0),
    u16(options.total ?? 20 + extra.length + payload.length),
    hex('1234'),
    u16(options.fragment ?? 0x4000),
    Uint8Array.of(64, options.protocol ?? 17),
    u16(0),
    ip('192.0.2.1').bytes,
    ip('198.51.100.7').bytes,
    extra,
    payload,
  );
};

/** RFC 8200: 2001:db8::1 to 2001:db8::7. `next` is the first header after the fixed one. */
export const v6 = (payload: Uint8Array, next = 17, length = payload.length): Uint8Array =>
  join(
    hex('60000000'),
    u16(length),
    Uint8Array.of(next, 64),
    ip('2001:db8::1').bytes,
    ip('2001:db8::7').bytes,
    payload,
  );

/** RFC 8200 section 4: hop-by-hop (0), routing (43) and destination options (60) share this form. */
export const extension = (next: number, units: number, rest: Uint8Array): Uint8Array =>
  join(Uint8Array.of(next, units), new Uint8Array(6 + 8 * units), rest);

/** RFC 8200 section 4.5. */
export const fragmentHeader = (next: number, offsetAndFlags: number, rest: Uint8Array): Uint8Array =>
  join(Uint8Array.of(next, 0), u16(offsetAndFlags), hex('deadbeef'), rest);

/** RFC 4302 section 2: the length counts 32-bit words, less two; here an integrity value of 12 bytes. */
export const authentication = (next: number, rest: Uint8Array): Uint8Array =>
  join(Uint8Array.of(next, 4), new Uint8Array(22), rest);

const etherType = (packet: Uint8Array): number => ((packet[0] ?? 0) >> 4 === 6 ? 0x86dd : 0x0800);

export const ethernet = (packet: Uint8Array, type = etherType(packet)): Uint8Array =>
  join(hex('020000000001 020000000002'), u16(type), packet);

/** IEEE 802.1Q: `tpid` in the place of the type, then the tag, then the type. */
export const vlan = (tpid: number, rest: Uint8Array, type = etherType(rest)): Uint8Array =>
  join(hex('020000000001 020000000002'), u16(tpid), hex('0064'), u16(type), rest);

/** LINKTYPE_LINUX_SLL: packet type, ARPHRD, address length, address, protocol. */
export const sll = (packet: Uint8Array, packetType = 0, protocol = etherType(packet)): Uint8Array =>
  join(u16(packetType), hex('0001 0006 0200000000010000'), u16(protocol), packet);

/** LINKTYPE_LINUX_SLL2: protocol, reserved, interface, ARPHRD, packet type, address length, address. */
export const sll2 = (packet: Uint8Array, packetType = 0, protocol = etherType(packet)): Uint8Array =>
  join(u16(protocol), hex('0000 00000003 0001'), Uint8Array.of(packetType, 6), hex('0200000000010000'), packet);

/** LINKTYPE_NULL: the address family in the capturing host's byte order. */
export const loopback = (packet: Uint8Array): Uint8Array => join(hex('02000000'), packet);

/** LINKTYPE_NFLOG: family, version, resource; then attributes with lengths in the host's order (little-endian). */
export const nflog = (packet: Uint8Array): Uint8Array =>
  join(
    hex('02 00 0001'),
    hex('0800 0100 0800 0000'),
    // A prefix of 5 bytes ("spad" and its zero), padded to 12.
    hex('0900 0a00 7370616400 000000'),
    Uint8Array.of((packet.length + 4) & 0xff, (packet.length + 4) >> 8, 9, 0),
    packet,
    new Uint8Array((4 - (packet.length % 4)) % 4),
  );

/** How to put a packet onto each link. */
export const onLink: Readonly<Record<LinkType, (packet: Uint8Array) => Uint8Array>> = {
  ethernet,
  'linux-sll': sll,
  'linux-sll2': sll2,
  raw: (packet) => packet,
  null: loopback,
  nflog,
};

export const LINK_TYPES = ['ethernet', 'linux-sll', 'linux-sll2', 'raw', 'null', 'nflog'] as const satisfies LinkType[];
