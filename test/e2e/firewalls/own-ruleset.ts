/** A ruleset of the operator's own, as `/etc/nftables.conf` has it: it closes ports, and lets pass who is in its sets. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Host } from '../../support/host.ts';
import type { Lab } from '../../support/lab.ts';
import { GUARDED } from './subject.ts';

const FULL = ' . inet_proto . inet_service';
const portsOf = (protocol: string): string =>
  GUARDED.flatMap((port) => (port.startsWith(`${protocol}/`) ? [port.slice(4)] : [])).join(', ');

export interface OwnRuleset {
  /** What follows the address in the sets' types. */
  readonly key?: string;
  /** What follows the address in the rules. */
  readonly match?: string;
  readonly flags?: string;
  /** More lines of the sets. */
  readonly more4?: string;
}

export const ruleset = ({
  key = FULL,
  match = ' . meta l4proto . th dport',
  flags = 'timeout, interval',
  more4 = '',
}: OwnRuleset = {}): string => `flush ruleset
table inet filter {
  set allowed4 { type ipv4_addr${key}; flags ${flags}; ${more4} }
  set allowed6 { type ipv6_addr${key}; flags ${flags}; }
  chain input {
    type filter hook input priority 0; policy accept;
    ct state established,related accept
    ip saddr${match} @allowed4 accept
    ip6 saddr${match} @allowed6 accept
    tcp dport { ${portsOf('tcp')} } drop
    udp dport { ${portsOf('udp')} } drop
  }
}
`;

/** Loads it, as a reload of the operator's does: all that was there is gone. */
export async function loadRuleset(server: Host, lab: Lab, text: string): Promise<void> {
  const file = join(lab.dir, 'nftables.conf');
  writeFileSync(file, text);
  await server.run('nft', ['-f', file]);
}
