/** `firewall = auto`: which firewall suits a host, and why. */
import type { BackendName } from './backends.ts';

/** What lets in by default nothing: an input chain whose policy, or last rule, drops or rejects. */
export interface DefaultDrop {
  /** Whose program keeps it. */
  readonly by: 'iptables' | 'nftables';
  /** `inet`, `ip` or `ip6`. */
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  readonly how: 'policy' | 'last rule';
}

/** A program or a library: usable, or why not. */
export type Usable = { readonly usable: true } | { readonly usable: false; readonly why: string };

export interface FirewallFacts {
  readonly firewalld: boolean;
  readonly ufw: boolean;
  readonly nftables: Usable;
  readonly iptables: Usable;
  readonly drops: readonly DefaultDrop[];
}

export interface Choice {
  readonly firewall: BackendName;
  /** Completes "firewall = auto comes to …: ". */
  readonly why: string;
  /** What will not work as it stands, and what to write. */
  readonly warnings: readonly string[];
}

/**
 * The firewall that keeps the rules here already, so that two never work against each other. An accept in one table does not
 * overrule a drop in another: where a default of iptables' drops, grants must be made in iptables.
 */
export const choose = ({ firewalld, ufw, nftables, iptables, drops }: FirewallFacts): Choice => {
  if (firewalld) return { firewall: 'firewalld', why: 'firewalld runs here', warnings: [] };
  if (ufw) return { firewall: 'ufw', why: 'ufw is active', warnings: [] };
  if (!nftables.usable) {
    if (iptables.usable) return { firewall: 'iptables', why: `nftables is not usable: ${nftables.why}`, warnings: [] };
    return { firewall: 'nftables', why: `no firewall is usable: ${nftables.why}; ${iptables.why}`, warnings: [] };
  }
  const foreign = drops.find(({ by }) => by === 'iptables');
  if (foreign !== undefined && iptables.usable) {
    const what = `${nameOf(foreign)} of iptables drops by its ${foreign.how}`;
    return { firewall: 'iptables', why: `${what}, which nftables could not overrule`, warnings: [] };
  }
  const why = 'nftables is usable, and no other firewall keeps rules here';
  return { firewall: 'nftables', why, warnings: drops.map(warnOf) };
};

const nameOf = ({ family, table, chain }: DefaultDrop): string => `${family} ${table} ${chain}`;

/** A ruleset of the operator's own must let grants in itself: by a set that spad feeds. */
const warnOf = (drop: DefaultDrop): string => {
  const problem = `the chain ${nameOf(drop)} drops by its ${drop.how}, and no grant of the table "inet spad" can overrule that`;
  if (drop.by === 'iptables') return `${problem}: install iptables, and set firewall = iptables`;
  const families = ([4, 6] as const).filter((family) => drop.family !== (family === 4 ? 'ip6' : 'ip'));
  const place = `${drop.family} ${drop.table}`;
  const sets = families.map((family) => {
    const type = `ipv${String(family)}_addr . inet_proto . inet_service`;
    return `add set ${place} spad${String(family)} { type ${type}; flags timeout, interval; }`;
  });
  const rules = families.map((family) => {
    const source = family === 4 ? 'ip saddr' : 'ip6 saddr';
    return `insert rule ${place} ${drop.chain} ${source} . meta l4proto . th dport @spad${String(family)} accept`;
  });
  const key = `nft_set = ${families.map((family) => `${place} spad${String(family)}`).join(', ')}`;
  return [`${problem}; add to your ruleset:`, ...sets, ...rules, `and to [spad]: ${key}`].join('\n  ');
};
