/**
 * The kernel filter of the SPA port (pcap-filter(7)): what does not pass costs the receiver nothing.
 *
 * `udp[…]` and `udp dst port` look at IPv4 and IPv6 alike only without an index, hence the branch of its own for IPv6,
 * where the length stands behind the fixed header of 40 bytes. Extension headers before UDP are not seen.
 */
import type { PortSpec } from '../base/port-spec.ts';
import type { Port } from '../base/units.ts';

const UDP_HEADER = 8;
const ICMP_HEADER = 8;

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

/** What can carry a text: datagrams and segments to these ports, ICMP of any type and either family. */
export interface TextTraffic {
  readonly ports: readonly PortSpec[];
  readonly icmp: boolean;
  /** The lengths in bytes that a payload can have. */
  readonly least: number;
  readonly most: number;
}

/**
 * The filter where payloads are texts of many lengths. Over TCP no length is too long, since a text may come in an HTTP
 * request with more around it; segments without data never pass.
 */
export const textCaptureFilter = ({ ports, icmp, least, most }: TextTraffic, own: OwnFrames): string => {
  const between = (length: string, header: number): string =>
    `${length} >= ${String(least + header)} and ${length} <= ${String(most + header)}`;
  const branches = [
    ...portBranch('udp', ports, between('udp[4:2]', UDP_HEADER), between('ip6[44:2]', UDP_HEADER)),
    ...portBranch('tcp', ports, `${V4_DATA} >= ${String(least)}`, `${V6_DATA} >= ${String(least)}`),
    ...(icmp
      ? [`(icmp and ${between(V4_PAYLOAD, ICMP_HEADER)})`, `(icmp6 and ${between('ip6[4:2]', ICMP_HEADER)})`]
      : []),
  ];
  return `${exclude(own)}(${branches.join(' or ')})`;
};

/** The length of what follows the IPv4 header, and of TCP's data in either family: header lengths are in words of 4. */
const V4_PAYLOAD = '(ip[2:2] - ((ip[0] & 0xf) << 2))';
const V4_DATA = `(ip[2:2] - ((ip[0] & 0xf) << 2) - ((tcp[12] & 0xf0) >> 2))`;
const V6_DATA = '(ip6[4:2] - ((ip6[52] & 0xf0) >> 2))';

const portBranch = (
  protocol: PortSpec['protocol'],
  ports: readonly PortSpec[],
  v4: string,
  v6: string,
): readonly string[] => {
  const own = ports.filter((spec) => spec.protocol === protocol);
  if (own.length === 0) return [];
  const to = own.map(({ first, last }) =>
    first === last ? `dst port ${String(first)}` : `dst portrange ${String(first)}-${String(last)}`,
  );
  return [`(${protocol} and (${to.join(' or ')}) and ((ip and ${v4}) or (ip6 and ${v6})))`];
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
