/**
 * Whole IPv4 packets (RFC 791) with a packet's text in UDP (RFC 768), in a TCP SYN (RFC 9293), or in ICMP (RFC 792), as
 * fwknop's client makes them; unlike fwknop's, all checksums are right, so that no middle box has a reason to drop them.
 */

export interface RawPacket {
  /** 4 bytes each. */
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly payload: Uint8Array;
}

export interface RawPorts {
  readonly sourcePort: number;
  readonly destinationPort: number;
}

const PROTOCOLS = { icmp: 1, tcp: 6, udp: 17 } as const;
const TIME_TO_LIVE = 255;
const IP_HEADER = 20;
const UDP_HEADER = 8;
const TCP_HEADER = 20;
const ICMP_HEADER = 8;
const SYN = 0x02;
const WINDOW = 32_767;

/** A UDP datagram; `identification` is the IP header's, 16 random bits. */
export const udpPacket = (packet: RawPacket, ports: RawPorts, identification: number): Uint8Array => {
  const header = new Uint8Array(UDP_HEADER);
  writePorts(header, ports);
  writeU16(header, 4, UDP_HEADER + packet.payload.length);
  const sum = checksum(pseudoHeader(packet, 'udp', UDP_HEADER), header, packet.payload);
  // No checksum at all is written as 0, and a sum of 0 as its other spelling.
  writeU16(header, 6, sum === 0 ? 0xffff : sum);
  return ipPacket(packet, 'udp', header, identification);
};

/** A SYN that carries data: servers listen in and no connection begins. `sequence` is 32 random bits. */
export const tcpPacket = (packet: RawPacket, ports: RawPorts, sequence: number, identification: number): Uint8Array => {
  const header = new Uint8Array(TCP_HEADER);
  writePorts(header, ports);
  writeU32(header, 4, sequence);
  header.set([(TCP_HEADER / 4) << 4, SYN], 12);
  writeU16(header, 14, WINDOW);
  writeU16(header, 16, checksum(pseudoHeader(packet, 'tcp', TCP_HEADER), header, packet.payload));
  return ipPacket(packet, 'tcp', header, identification);
};

/** An ICMP message; an echo request (8, 0) has an identifier and the sequence number 1, others have zeros. */
export const icmpPacket = (
  packet: RawPacket,
  { type, code }: { readonly type: number; readonly code: number },
  identifier: number,
  identification: number,
): Uint8Array => {
  const header = new Uint8Array(ICMP_HEADER);
  header.set([type, code]);
  if (type === 8 && code === 0) {
    writeU16(header, 4, identifier);
    writeU16(header, 6, 1);
  }
  writeU16(header, 2, checksum(header, packet.payload));
  return ipPacket(packet, 'icmp', header, identification);
};

const ipPacket = (
  { source, destination, payload }: RawPacket,
  protocol: keyof typeof PROTOCOLS,
  transportHeader: Uint8Array,
  identification: number,
): Uint8Array => {
  const header = new Uint8Array(IP_HEADER);
  header[0] = 0x45;
  writeU16(header, 2, IP_HEADER + transportHeader.length + payload.length);
  writeU16(header, 4, identification);
  header.set([TIME_TO_LIVE, PROTOCOLS[protocol]], 8);
  header.set(source, 12);
  header.set(destination, 16);
  writeU16(header, 10, checksum(header));
  return Uint8Array.from([...header, ...transportHeader, ...payload]);
};

const writePorts = (header: Uint8Array, { sourcePort, destinationPort }: RawPorts): void => {
  writeU16(header, 0, sourcePort);
  writeU16(header, 2, destinationPort);
};

/** What the checksums of UDP and TCP count beside the segment. */
const pseudoHeader = (
  { source, destination, payload }: RawPacket,
  protocol: keyof typeof PROTOCOLS,
  headerLength: number,
): Uint8Array => {
  const header = new Uint8Array(12);
  header.set(source, 0);
  header.set(destination, 4);
  header[9] = PROTOCOLS[protocol];
  writeU16(header, 10, headerLength + payload.length);
  return header;
};

/** RFC 1071, over parts of which all but the last have an even length. */
const checksum = (...parts: readonly Uint8Array[]): number => {
  let sum = 0;
  for (const part of parts) {
    for (const [index, byte] of part.entries()) sum += index % 2 === 0 ? byte << 8 : byte;
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
};

const writeU16 = (bytes: Uint8Array, offset: number, value: number): void => {
  bytes.set([value >>> 8, value & 0xff], offset);
};

const writeU32 = (bytes: Uint8Array, offset: number, value: number): void => {
  writeU16(bytes, offset, value >>> 16);
  writeU16(bytes, offset + 2, value & 0xffff);
};
