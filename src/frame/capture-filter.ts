/**
 * The kernel filter of the SPA port (pcap-filter(7)): what does not pass costs the receiver nothing.
 *
 * `udp[…]` and `udp dst port` look at IPv4 and IPv6 alike only without an index, hence the branch of its own for IPv6,
 * where the length stands behind the fixed header of 40 bytes. Extension headers before UDP are not seen.
 */
import type { Port } from '../base/units.ts';

const UDP_HEADER = 8;

/**
 * How frames that this host sends are left out. `inbound` is for the device `any`, whose cooked header has a frame's
 * direction; elsewhere the direction is known to the kernel alone, and libpcap, which filters a new capture's first
 * frames itself, would take them all for outbound. There, our own hardware address tells. A capture file tells nothing.
 */
export type OwnFrames =
  { readonly by: 'direction' } | { readonly by: 'address'; readonly mac: string } | { readonly by: 'nothing' };

/** `payloads`: the lengths in bytes that a packet can have. */
export const captureFilter = (port: Port, payloads: readonly number[], own: OwnFrames): string => {
  const lengths = (field: string): string =>
    payloads.map((length) => `${field} = ${String(length + UDP_HEADER)}`).join(' or ');
  const branches = `(ip and (${lengths('udp[4:2]')})) or (ip6 and (${lengths('ip6[44:2]')}))`;
  return `${exclude(own)}udp dst port ${String(port)} and (${branches})`;
};

const exclude = (own: OwnFrames): string => {
  switch (own.by) {
    case 'direction':
      return 'inbound and ';
    case 'address':
      return `not ether src ${own.mac} and `;
    case 'nothing':
      return '';
  }
};

/** An Ethernet address as Linux prints it, and not the one of interfaces that have none. */
export const isHardwareAddress = (text: string): boolean =>
  /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/.test(text) && text !== '00:00:00:00:00:00';
