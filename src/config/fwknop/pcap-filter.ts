/**
 * PCAP_FILTER as far as it means here: which packets at which ports. `udp port 62201`, `udp portrange 10000-65535` (for
 * clients that draw a port), `tcp port 80`, `icmp`, `port 62201` and such joined by `or`; a `dst` before `port` and brackets
 * around a whole term change nothing.
 */
import type { PortSpec } from '../../base/port-spec.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { parsePort } from '../../base/units.ts';

export interface FilterMeaning {
  /** In the order of the filter. */
  readonly ports: readonly PortSpec[];
  readonly icmp: boolean;
}

const RIGHT =
  'udp port 62201, or several of "udp port N", "udp portrange N-M", the same with tcp, and "icmp", with "or" between';

const PORTS = /^(?:(udp|tcp)\s+)?(?:dst\s+)?(?:port\s+([0-9]+)|portrange\s+([0-9]+)-([0-9]+))$/;

/** A filter whose meaning is another is an error: packets that it would keep out would come in. */
export const readFilter = (text: string): Result<FilterMeaning, string> => {
  const ports: PortSpec[] = [];
  let icmp = false;
  for (const term of text.toLowerCase().split(/\s+or\s+|\|\|/)) {
    const plain = term.trim().replace(/^\(\s*(.*?)\s*\)$/, '$1');
    if (plain === 'icmp') icmp = true;
    else {
      const [, protocol, one, low = one, high = one] = PORTS.exec(plain) ?? [];
      const [first, last] = [parsePort(low ?? ''), parsePort(high ?? '')];
      if (first === undefined || last === undefined || first > last) return err(RIGHT);
      if (protocol !== 'tcp') ports.push({ protocol: 'udp', first, last });
      if (protocol !== 'udp') ports.push({ protocol: 'tcp', first, last });
    }
  }
  return ok({ ports, icmp });
};
