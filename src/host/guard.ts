/**
 * What spad has, or will have, in the firewall, in the terms of the model: the guard of src/firewall and an opening in it. The
 * table of a spad that runs is taken out first, so that what stands there by others can be told from it.
 */
import type { IpAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import type { BackendName } from '../firewall/backends.ts';
import { TABLE } from '../firewall/nft-script.ts';
import { SIEVE_LANES, sieveTable } from '../firewall/sieve-script.ts';
import { numberOf } from './packet.ts';
import {
  type Chain,
  match,
  PROTOCOL_NUMBERS,
  type Rule,
  type Ruleset,
  span,
  type Step,
  verdict,
  word,
} from './ruleset.ts';

/** One address that has been granted the guarded ports. */
export type Granted = IpAddress | undefined;

/** Whether it is known here what a back-end puts into the firewall. */
export const isGuardKnown = (firewall: BackendName): boolean =>
  firewall === 'nftables' || firewall === 'iptables' || firewall === 'ipset';

const OWN_TABLES: readonly string[] = [TABLE, ...SIEVE_LANES.map(sieveTable)];

/** The ruleset without anything of spad's. */
export const withoutSpad = (ruleset: Ruleset): Ruleset =>
  ruleset
    .filter(({ table, name }) => !OWN_TABLES.includes(table) && !isOurs(name))
    .map((chain) => ({ ...chain, rules: chain.rules.filter(({ steps }) => !steps.some(leadsToUs)) }));

/** The names of spad's chains in iptables. */
const isOurs = (chain: string): boolean => chain.startsWith('SPAD-');

const leadsToUs = (step: Step): boolean =>
  step.do === 'verdict' && 'chain' in step.verdict && isOurs(step.verdict.chain);

/** The ruleset as it is with the guard of a back-end, and with a grant for one address. */
export const withGuard = (
  ruleset: Ruleset,
  firewall: BackendName,
  guard: readonly PortSpec[],
  granted?: Granted,
): Ruleset => {
  const chain = guardChain(guard, granted);
  const guarded = [...ruleset, firewall === 'nftables' ? chain : { ...chain, table: 'mangle', name: 'SPAD-GUARD' }];
  if (firewall === 'nftables' || granted === undefined) return guarded;
  // With iptables a grant is also accepted before what others have in INPUT of filter.
  const accept = portSteps(guard).map((ports): Rule => ({
    number: 0,
    text: 'a grant',
    steps: [from(granted), ...ports, verdict('accept')],
  }));
  const filter = granted.family === 4 ? 'ip filter' : 'ip6 filter';
  const table = ruleset.some((chain) => chain.table === filter) ? filter : `${filter} (legacy)`;
  return guarded.map((other) =>
    other.table === table && other.base?.hook === 'input' ? { ...other, rules: [...accept, ...other.rules] } : other,
  );
};

/** The chain `guard` as nft-script.ts makes it; its grants stand in it as rules. */
export const guardChain = (guard: readonly PortSpec[], granted: Granted): Chain => {
  const rules: (readonly [text: string, steps: readonly Step[]])[] = [
    ['ct state established,related accept', [match('ct-state', [word('established'), word('related')]), ACCEPT]],
    [
      'meta l4proto . th dport != { guard } accept',
      [
        {
          ...{ do: 'match', fields: ['protocol', 'dport'], negated: true },
          elements: guard.map(({ protocol, first, last }) => [protocolOf(protocol), span(first, last)]),
        },
        ACCEPT,
      ],
    ],
    ['iif "lo" accept', [match('iif', [word('lo')]), ACCEPT]],
    ['fib daddr type != local accept', [match('daddr-type', [word('local')], true), ACCEPT]],
    ...(granted === undefined ? [] : ([['a grant', [from(granted), ACCEPT]]] as const)),
    ['counter drop', [verdict('drop')]],
  ];
  return {
    ...{ family: 'inet', table: TABLE, name: 'guard' },
    base: { type: 'filter', hook: 'prerouting', priority: GUARD_PRIORITY, policy: 'accept', devices: [] },
    rules: guard.length === 0 ? [] : rules.map(([text, steps], index) => ({ number: index + 1, text, steps })),
  };
};

const GUARD_PRIORITY = -150;
const ACCEPT = verdict('accept');

const protocolOf = (protocol: PortSpec['protocol']): ReturnType<typeof span> => span(PROTOCOL_NUMBERS[protocol] ?? 0);

const from = (address: IpAddress): Step => match('saddr', [span(numberOf(address))]);

const portSteps = (guard: readonly PortSpec[]): readonly (readonly Step[])[] =>
  guard.map(({ protocol, first, last }) => [
    match('protocol', [protocolOf(protocol)]),
    match('dport', [span(first, last)]),
  ]);
