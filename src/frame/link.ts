import { u8At, u16At } from '../bytes/field.ts';
import type { PacketView } from './packet-view.ts';

/** Link layers whose frames are understood, by libpcap's names (https://www.tcpdump.org/linktypes.html). */
export type LinkType = 'ethernet' | 'linux-sll' | 'linux-sll2' | 'raw' | 'null' | 'nflog';

/** Why a frame holds no packet for us. Each is a counter. */
export const FRAME_FAULTS = ['truncated', 'not-ip', 'bad-header', 'fragment', 'not-transport', 'outbound'] as const;

export type FrameFault = (typeof FRAME_FAULTS)[number];

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
/** 802.1Q, 802.1ad, and the old double tag: four more bytes each. */
export const VLAN_ETHERTYPES: readonly number[] = [0x8100, 0x88a8, 0x9100];
const MAX_VLAN_TAGS = 2;
/** linux/if_packet.h: a frame that this host sent itself. */
const PACKET_OUTGOING = 4;
const NFULA_PAYLOAD = 9;

/** Finds the IP header of a frame: sets `view.start` and `view.end`, or says why there is none. */
export const stripLink = (link: LinkType, frame: Uint8Array, view: PacketView): FrameFault | undefined => {
  view.end = frame.length;
  switch (link) {
    case 'ethernet':
      return stripEthernet(frame, view);
    case 'linux-sll':
      if (frame.length < 16) return 'truncated';
      return u16At(frame, 0) === PACKET_OUTGOING ? 'outbound' : expectIp(u16At(frame, 14), frame, 16, view);
    case 'linux-sll2':
      if (frame.length < 20) return 'truncated';
      return u8At(frame, 10) === PACKET_OUTGOING ? 'outbound' : expectIp(u16At(frame, 0), frame, 20, view);
    case 'raw':
      view.start = 0;
      return undefined;
    case 'null':
      // Four bytes of address family, in the byte order of the host that captured; the IP version tells the same.
      view.start = 4;
      return frame.length < 4 ? 'truncated' : undefined;
    case 'nflog':
      return stripNflog(frame, view);
  }
};

const stripEthernet = (frame: Uint8Array, view: PacketView): FrameFault | undefined => {
  if (frame.length < 14) return 'truncated';
  return expectIp(u16At(frame, 12), frame, 14, view);
};

const expectIp = (etherType: number, frame: Uint8Array, start: number, view: PacketView): FrameFault | undefined => {
  let type = etherType;
  let offset = start;
  for (let tags = 0; tags < MAX_VLAN_TAGS && VLAN_ETHERTYPES.includes(type); tags += 1) {
    if (frame.length < offset + 4) return 'truncated';
    type = u16At(frame, offset + 2);
    offset += 4;
  }
  if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return 'not-ip';
  view.start = offset;
  return undefined;
};

/** A 4-byte header, then attributes of length and type in the byte order of the host (little-endian here), 4-aligned. */
const stripNflog = (frame: Uint8Array, view: PacketView): FrameFault | undefined => {
  let offset = 4;
  while (offset + 4 <= frame.length) {
    const length = u8At(frame, offset) | (u8At(frame, offset + 1) << 8);
    const type = u8At(frame, offset + 2) | (u8At(frame, offset + 3) << 8);
    if (length < 4 || offset + length > frame.length) return 'truncated';
    if (type === NFULA_PAYLOAD) {
      view.start = offset + 4;
      view.end = offset + length;
      return undefined;
    }
    offset += (length + 3) & ~3;
  }
  return 'truncated';
};
