import { u8At, u16At } from '../bytes/field.ts';
import { stripIp } from './ip.ts';
import { type FrameFault, type LinkType, stripLink } from './link.ts';
import type { PacketView } from './packet-view.ts';

const ICMP = 1;
const TCP = 6;
const UDP = 17;
const ICMPV6 = 58;
const ICMP_HEADER = 8;

/** Whether `protocol`, as in {@link PacketView}, is ICMP of either family. */
export const isIcmp = (protocol: number): boolean => protocol === ICMP || protocol === ICMPV6;

/**
 * Finds addresses, ports and payload of the TCP, UDP or (where wanted) ICMP packet in the frame, into `view`; the frame is
 * the first `length` of `bytes`. Gives the fault where there is none; then only `view.bytes` is to be relied on. Never
 * throws and never reads outside, whatever the frame holds.
 */
export const decodeFrame = (
  link: LinkType,
  bytes: Uint8Array,
  view: PacketView,
  length = bytes.length,
): FrameFault | undefined => {
  view.bytes = bytes;
  view.end = length;
  return stripLink(link, view) ?? stripIp(view) ?? stripTransport(view);
};

/** RFC 768 and RFC 9293. Checksums are not looked at: what is authenticated is the payload. */
const stripTransport = (view: PacketView): FrameFault | undefined => {
  const { bytes, payloadStart: start, end } = view;
  if (view.withIcmp && isIcmp(view.protocol)) return finishIcmp(view, start);
  if (view.protocol !== UDP && view.protocol !== TCP) return 'not-transport';
  const least = view.protocol === UDP ? 8 : 20;
  if (end - start < least) return 'truncated';
  view.sourcePort = u16At(bytes, start);
  view.destinationPort = u16At(bytes, start + 2);
  return view.protocol === UDP ? finishUdp(view, start) : finishTcp(view, start);
};

const finishUdp = (view: PacketView, start: number): FrameFault | undefined => {
  const length = u16At(view.bytes, start + 4);
  if (length < 8 && !view.headersOnly) return 'bad-header';
  if (!view.partial && !view.headersOnly && start + length > view.end) return 'truncated';
  view.tcpFlags = 0;
  view.payloadStart = start + 8;
  view.payloadEnd = Math.min(start + length, view.end);
  return undefined;
};

const finishTcp = (view: PacketView, start: number): FrameFault | undefined => {
  const header = (u8At(view.bytes, start + 12) >> 4) * 4;
  if (header < 20 && !view.headersOnly) return 'bad-header';
  if (start + header > view.end && !view.headersOnly) return 'truncated';
  view.tcpFlags = u8At(view.bytes, start + 13);
  view.payloadStart = start + header;
  view.payloadEnd = view.end;
  return undefined;
};

/** RFC 792 and RFC 4443: type, code, checksum, and four bytes whose meaning is the type's. */
const finishIcmp = (view: PacketView, start: number): FrameFault | undefined => {
  if (view.end - start < ICMP_HEADER) return 'truncated';
  view.sourcePort = 0;
  view.destinationPort = 0;
  view.tcpFlags = 0;
  view.payloadStart = start + ICMP_HEADER;
  view.payloadEnd = view.end;
  return undefined;
};
