/** The back-ends that are measured: one line each. One that is not on this machine is told and left out. */
import { Firewalld } from '../../test/support/firewalld.ts';
import type { Host } from '../../test/support/host.ts';
import { Ufw } from '../../test/support/ufw.ts';

/** `[spad]` of spad.conf, as far as the back-end reads it. */
export interface FirewallSubject {
  readonly name: string;
  readonly settings: { readonly firewall: string } & Readonly<Record<string, unknown>>;
  /** Ports that each grant has. */
  readonly span: number;
  /** Live grants at most: with more it would take minutes. */
  readonly most: number;
  /** Takes a tenth of a second and more for a grant. */
  readonly slow?: boolean;
  /** Readies the host, and gives the words before each program that runs there: `nsenter …`. */
  readonly prepare?: (host: Host) => Promise<readonly string[]>;
}

/** Rules of the operator's that drop what is not in a set of theirs. */
const OWN_SET = { family: 'inet', table: 'filter', name: 'allowed' } as const;
const OWN_RULES = `table inet filter {
  set allowed {
    type ipv4_addr . inet_proto . inet_service
    flags timeout
  }
  chain input {
    type filter hook input priority 0; policy accept;
    ct state established,related accept
    ip saddr . meta l4proto . th dport @allowed accept
    tcp dport 22 drop
  }
}
`;

export const FIREWALLS: readonly FirewallSubject[] = [
  { name: 'nftables', settings: { firewall: 'nftables' }, span: 1, most: 100_000 },
  { name: 'nftables, 11 ports each', settings: { firewall: 'nftables' }, span: 11, most: 10_000 },
  {
    ...{ name: 'nft-set', settings: { firewall: 'nft-set', nft_set: [OWN_SET] }, span: 1, most: 10_000 },
    prepare: async (host) => {
      await host.run('nft', ['-f', '-'], { input: OWN_RULES });
      return [];
    },
  },
  { name: 'iptables', settings: { firewall: 'iptables' }, span: 1, most: 10_000 },
  { name: 'ipset', settings: { firewall: 'ipset' }, span: 1, most: 10_000 },
  {
    ...{ name: 'firewalld', settings: { firewall: 'firewalld' }, span: 1, most: 10, slow: true },
    prepare: async (host) => (await Firewalld.create(host)).room.prefix,
  },
  {
    ...{ name: 'ufw', settings: { firewall: 'ufw' }, span: 1, most: 10, slow: true },
    prepare: async (host) => (await Ufw.create(host)).room.prefix,
  },
];
