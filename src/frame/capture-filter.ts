/**
 * The kernel filter of the SPA port (pcap-filter(7)): what does not pass costs the receiver nothing.
 *
 * `udp[…]` and `udp dst port` look at IPv4 and IPv6 alike only without an index, hence the branch of its own for IPv6,
 * where the length stands behind the fixed header of 40 bytes. Extension headers before UDP are not seen.
 */
import type { Port } from '../base/units.ts';

const UDP_HEADER = 8;

/** `payloads`: the lengths in bytes that a packet can have. `inbound` cannot be asked of a capture file. */
export const captureFilter = (port: Port, payloads: readonly number[], inbound: boolean): string => {
  const lengths = (field: string): string =>
    payloads.map((length) => `${field} = ${String(length + UDP_HEADER)}`).join(' or ');
  const branches = `(ip and (${lengths('udp[4:2]')})) or (ip6 and (${lengths('ip6[44:2]')}))`;
  return `${inbound ? 'inbound and ' : ''}udp dst port ${String(port)} and (${branches})`;
};
