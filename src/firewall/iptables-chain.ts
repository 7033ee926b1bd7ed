/** Our chains of iptables with all that they hold: what is installed, and what is looked for. */
import type { Family } from '../base/address.ts';
import type { Wanted } from './desired.ts';
import {
  type ChainName,
  CHAINS,
  endOf,
  matchPorts,
  passSet,
  portsOf,
  type RuleStyle,
  rulesOf,
  type Table,
} from './iptables-rule.ts';

/** Rules as they follow the chain's name, in their order; those of openings may stand in any among themselves. */
export interface Chain {
  readonly name: ChainName;
  readonly table: Table;
  readonly hook: string | undefined;
  readonly head: readonly string[];
  readonly openings: readonly string[];
  readonly tail: readonly string[];
}

/** The chains of a family, all that belongs in them included; `forwards`: those for forwarding, too. */
export const chainsOf = (family: Family, wanted: Wanted, forwards: boolean, style: RuleStyle): readonly Chain[] => {
  const rules = wanted.openings
    .filter(({ address }) => address.family === family)
    .flatMap((opening) => rulesOf(opening, style));
  const chain = (name: ChainName, head: readonly string[], tail: readonly string[] = []): Chain => ({
    ...{ name, ...CHAINS[name], head, tail },
    openings: rules.filter((rule) => rule.chain === name).map(({ text }) => text),
  });
  const inSet = (target: string): string[] =>
    style.inSets ? [`-m set --match-set ${passSet(family)} src,dst -j ${target}`] : [];
  return [
    // The chain that others lead to is made first.
    chain('SPAD-GRANT', [], [...inSet('RETURN'), drop(wanted, style)]),
    chain('SPAD-GUARD', guardRules(wanted)),
    chain('SPAD-ACCEPT', [], inSet('ACCEPT')),
    ...(forwards
      ? [
          chain('SPAD-ONWARD', establishedRules(wanted)),
          chain('SPAD-FORWARD', ['-m addrtype ! --dst-type LOCAL -j RETURN']),
          chain('SPAD-SOURCE', []),
        ]
      : []),
  ];
};

/** A rule passes by returning to PREROUTING, so that what others have in mangle still sees the packet. */
const guardRules = ({ guard }: Wanted): string[] =>
  guard.length === 0
    ? []
    : [
        '-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN',
        '-i lo -j RETURN',
        '-m addrtype ! --dst-type LOCAL -j RETURN',
        ...guard.map((spec) => `-p ${spec.protocol} ${matchPorts(spec)} -g SPAD-GRANT`),
      ];

const drop = ({ guardEnds }: Wanted, style: RuleStyle): string =>
  `${guardEnds === undefined ? '' : endOf(guardEnds, style)} -j DROP`.trimStart();

/**
 * Replies, and what goes on when its grant has ended. A host may drop all that it routes and need no rule for what is
 * established but this one. Only what came in by a guarded port and was sent elsewhere.
 */
const establishedRules = ({ guard }: Wanted): string[] =>
  guard.map(
    (spec) =>
      `-p ${spec.protocol} -m conntrack --ctstate DNAT --ctorigdstport ${portsOf(spec)} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT`,
  );
