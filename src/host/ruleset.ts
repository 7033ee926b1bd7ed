/**
 * The rules of this host's firewalls as one model, whoever made them: what the readers of nft's JSON and of iptables-save
 * give, and what {@link walkIn} walks. What is not understood is kept as a doubt, never left out.
 */
import type { IpAddress } from '../base/address.ts';

/** What a rule can ask of a packet. `origin-dport`: the port that the connection was made to, before any change. */
export type Field =
  | ('iif' | 'oif' | 'saddr' | 'daddr' | 'protocol' | 'family' | 'sport' | 'dport' | 'origin-dport')
  | ('ct-state' | 'ct-status' | 'ct-mark' | 'mark' | 'saddr-type' | 'daddr-type' | 'packet-type' | 'tcp-flags')
  /** Where the answer would leave by: a word where there is a way, else nothing. */
  | 'way-back';

/** Addresses, ports, numbers of protocols and marks are numbers; interfaces, states and types are words. */
export type Value = bigint | string;

/** What one part of an element stands for: numbers from–to, or a word; `eth*` is every word that begins so. */
export type Part =
  | { readonly kind: 'span'; readonly from: bigint; readonly to: bigint }
  | { readonly kind: 'word'; readonly word: string }
  | { readonly kind: 'doubt' };

/** One part for each field that is looked at. */
export type Element = readonly Part[];

export type Verdict =
  | { readonly kind: 'accept' | 'drop' | 'return' }
  /** Drops, and says so to the sender. */
  | { readonly kind: 'reject' }
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  /** Given to a program, or to something that is not known here. */
  | { readonly kind: 'unsure'; readonly what: string };

/** Where a packet is sent instead. Undefined: as it was; `unsure`: it depends on what is not known here. */
export interface NewDestination {
  readonly address: IpAddress | 'here' | 'unsure' | undefined;
  readonly port: number | 'unsure' | undefined;
}

export type Step =
  /** Goes on where the fields are one of the elements (with `negated`: none of them). `mask` is laid over a single number. */
  | {
      readonly do: 'match';
      readonly fields: readonly Field[];
      readonly mask?: bigint;
      readonly negated: boolean;
      readonly elements: readonly Element[];
    }
  /** A match that is not understood: may go on or not. */
  | { readonly do: 'doubt'; readonly what: string }
  /** A verdict by the element that the fields are; goes on where they are none. */
  | {
      readonly do: 'look-up';
      readonly fields: readonly Field[];
      readonly entries: readonly { readonly element: Element; readonly verdict: Verdict }[];
    }
  | { readonly do: 'verdict'; readonly verdict: Verdict }
  | { readonly do: 'notrack' }
  /** `value` undefined: to what is not known here. */
  | { readonly do: 'mark'; readonly value: bigint | undefined }
  | ({ readonly do: 'nat' } & NewDestination);

export interface Rule {
  /** From 1, as they stand in the chain. */
  readonly number: number;
  /** As nft or iptables-save writes it, to be shown. */
  readonly text: string;
  readonly steps: readonly Step[];
}

export type Hook = 'ingress' | 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting';

/** How a chain is tied to the kernel. */
export interface Base {
  readonly type: 'filter' | 'nat' | 'route';
  readonly hook: Hook;
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
  /** Of ingress chains: the interfaces. */
  readonly devices: readonly string[];
}

export type TableFamily = 'ip' | 'ip6' | 'inet' | 'netdev';

export interface Chain {
  readonly family: TableFamily;
  /** As people name it: `ip filter`, `inet spad`, `ip filter (legacy)`. Chains of one table lead to each other by name. */
  readonly table: string;
  readonly name: string;
  /** Undefined: only other chains lead here. */
  readonly base: Base | undefined;
  readonly rules: readonly Rule[];
}

export type Ruleset = readonly Chain[];

/** A rule by its place; `rule` undefined: the policy of the chain. */
export interface RuleRef {
  readonly table: string;
  readonly chain: string;
  readonly rule: number | undefined;
  readonly text: string;
}

export const refTo = (chain: Chain, rule: Rule | undefined): RuleRef => ({
  ...{ table: chain.table, chain: chain.name, rule: rule?.number },
  text: rule?.text ?? `policy ${chain.base?.policy ?? 'accept'}`,
});

/** `table ip filter, chain INPUT, rule 3 (-p tcp -j DROP)`, or `the policy of …`; long texts are cut. */
export const formatRef = ({ table, chain, rule, text }: RuleRef): string => {
  if (rule === undefined) return `the policy of table ${table}, chain ${chain}`;
  const shown = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text;
  return `table ${table}, chain ${chain}, rule ${String(rule)} (${shown})`;
};

const MAX_TEXT = 120;

export const span = (from: bigint | number, to: bigint | number = from): Part => ({
  ...{ kind: 'span', from: BigInt(from), to: BigInt(to) },
});

export const word = (text: string): Part => ({ kind: 'word', word: text });

/** Goes on where one field is one of these. */
export const match = (field: Field, parts: readonly Part[], negated = false): Step => ({
  ...{ do: 'match', fields: [field], negated },
  elements: parts.map((part) => [part]),
});

export const verdict = (kind: 'accept' | 'drop' | 'reject' | 'return'): Step => ({ do: 'verdict', verdict: { kind } });

export const PROTOCOL_NUMBERS: Readonly<Record<string, number>> = {
  ...{ icmp: 1, igmp: 2, tcp: 6, udp: 17, gre: 47, esp: 50, ah: 51, 'ipv6-icmp': 58, icmpv6: 58, ipip: 4 },
  ...{ sctp: 132, dccp: 33, udplite: 136, ipcomp: 108, comp: 108, ospf: 89, vrrp: 112 },
};
