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

/** Finds the IP header of the frame that ends at `view.end`: sets `view.start` and the end, or says why there is none. */
export const stripLink = (link: LinkType, view: PacketView): FrameFault | undefined => {
  const { bytes, end } = view;
  switch (link) {
    case 'ethernet':
      return end < 14 ? 'truncated' : expectIp(u16At(bytes, 12), 14, view);
    case 'linux-sll':
      if (end < 16) return 'truncated';
      return u16At(bytes, 0) === PACKET_OUTGOING ? 'outbound' : expectIp(u16At(bytes, 14), 16, view);
    case 'linux-sll2':
      if (end < 20) return 'truncated';
      return u8At(bytes, 10) === PACKET_OUTGOING ? 'outbound' : expectIp(u16At(bytes, 0), 20, view);
    case 'raw':
      view.start = 0;
      return undefined;
    case 'null':
      // Four bytes of address family, in the byte order of the host that captured; the IP version tells the same.
      view.start = 4;
      return end < 4 ? 'truncated' : undefined;
    case 'nflog':
      return stripNflog(view);
  }
};

const expectIp = (etherType: number, start: number, view: PacketView): FrameFault | undefined => {
  let type = etherType;
  let offset = start;
  for (let tags = 0; tags < MAX_VLAN_TAGS && VLAN_ETHERTYPES.includes(type); tags += 1) {
    if (view.end < offset + 4) return 'truncated';
    type = u16At(view.bytes, offset + 2);
    offset += 4;
  }
  if (type !== ETHERTYPE_IPV4 && type !== ETHERTYPE_IPV6) return 'not-ip';
  view.start = offset;
  return undefined;
};

/** A 4-byte header, then attributes of length and type in the byte order of the host (little-endian here), 4-aligned. */
const stripNflog = (view: PacketView): FrameFault | undefined => {
  const { bytes, end } = view;
  let offset = 4;
  while (offset + 4 <= end) {
    const length = u8At(bytes, offset) | (u8At(bytes, offset + 1) << 8);
    const type = u8At(bytes, offset + 2) | (u8At(bytes, offset + 3) << 8);
    if (length < 4 || offset + length > end) return 'truncated';
    if (type === NFULA_PAYLOAD) {
      view.start = offset + 4;
      view.end = offset + length;
      return undefined;
    }
    offset += (length + 3) & ~3;
  }
  return 'truncated';
};
