/**
 * PCAP_FILTER as far as it means here: which packets at which port. `udp port 62201`, `tcp port 62201`, `icmp`, `port 62201`
 * and such joined by `or`; a `dst` before `port` and brackets around a whole term change nothing.
 */
import { err, ok, type Result } from '../../base/result.ts';
import { type Port, parsePort } from '../../base/units.ts';

export interface FilterMeaning {
  /** Undefined where the filter names none. */
  readonly port: Port | undefined;
  readonly tcp: boolean;
  readonly icmp: boolean;
}

const RIGHT = 'udp port 62201, or several of "udp port N", "tcp port N" and "icmp" with "or" between and one N';

/** A filter whose meaning is another is an error: packets that it would keep out would come in. */
export const readFilter = (text: string): Result<FilterMeaning, string> => {
  const ports = new Set<Port>();
  const words = new Set<string>();
  for (const term of text.toLowerCase().split(/\s+or\s+|\|\|/)) {
    const plain = term.trim().replace(/^\(\s*(.*?)\s*\)$/, '$1');
    const [, protocol = '', digits] = /^(udp|tcp|icmp)?(?:\s*(?:dst\s+)?port\s+([0-9]+))?$/.exec(plain) ?? [];
    const port = digits === undefined ? undefined : parsePort(digits);
    const isKnown = protocol === 'icmp' ? digits === undefined : port !== undefined;
    if (!isKnown) return err(RIGHT);
    if (port !== undefined) ports.add(port);
    words.add(protocol);
  }
  if (ports.size > 1) return err(`one port, not ${[...ports].join(' and ')}: ${RIGHT}`);
  const [port] = ports;
  return ok({ port, tcp: words.has('tcp') || words.has(''), icmp: words.has('icmp') });
};
