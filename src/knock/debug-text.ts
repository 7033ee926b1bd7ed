/** What knockd prints with `--debug` about its filter. Ours is another; the text says the same. */
import { type Family, formatAddress, type IpAddress } from '../base/address.ts';
import { type Door, TCP_FLAG_BITS } from './door.ts';

/** The names that pcap-filter(7) has for the flags. */
const FLAG_NAMES = { fin: 'fin', syn: 'syn', rst: 'rst', psh: 'push', ack: 'ack', urg: 'urg' } as const;

/** A line for each door, first all for IPv4, then all for IPv6, for the families that the host has an address of. */
export const filterLines = (doors: readonly Door[], local: readonly IpAddress[]): readonly string[] =>
  ([4, 6] as const).flatMap((family) => {
    const hosts = local.filter((address) => address.family === family).map(formatAddress);
    if (hosts.length === 0) return [];
    // knockd puts each address that it finds in front of those before.
    const own = hosts.reverse().join(' or dst host ');
    return doors.map(
      (door) =>
        `adding pcap expression for door '${door.name}': ((dst host ${door.target ?? own}) and (${portText(door, family)}))`,
    );
  });

const portText = (door: Door, family: Family): string => {
  const ports = (protocol: 'tcp' | 'udp'): string =>
    door.steps
      .filter((step) => step.protocol === protocol)
      .map(({ port }) => String(port))
      .join(' or ');
  const [tcp, udp] = [ports('tcp'), ports('udp')];
  const halves = [
    ...(tcp === '' ? [] : [`((tcp dst port ${tcp})${flagText(door, family)})`]),
    ...(udp === '' ? [] : [`(udp dst port ${udp})`]),
  ];
  return halves.join(' or ');
};

const flagText = ({ tcpFlags }: Door, family: Family): string => {
  if (tcpFlags === undefined) return '';
  const field = family === 4 ? 'tcp[tcpflags]' : 'ip6[13+40]';
  return (Object.keys(TCP_FLAG_BITS) as (keyof typeof TCP_FLAG_BITS)[])
    .filter((flag) => (tcpFlags.mask & TCP_FLAG_BITS[flag]) !== 0)
    .map((flag) => {
      const sign = (tcpFlags.value & TCP_FLAG_BITS[flag]) === 0 ? '==' : '!=';
      return ` and ${field} & tcp-${FLAG_NAMES[flag]} ${sign} 0`;
    })
    .join('');
};

/** What knockd says about a link layer, by the end of our own description: `eth0 (ethernet)`. */
export const linkLine = (description: string): string => {
  if (description.endsWith('(raw)')) return 'raw interface detected, no encapsulation';
  if (description.includes('linux-sll')) return 'ppp interface detected (linux "cooked" encapsulation)';
  return 'ethernet interface detected';
};
