/** What of ours a table of iptables holds by now, from `iptables -S`, and how to take it away. */
import { KNOCK_CHAIN, type KnockTable } from './iptables.ts';

export interface PresentRules {
  readonly chains: readonly string[];
  /** Rules in chains of others that lead to ours, as `-S` prints them: `-A PREROUTING -j SPAD-KNOCK`. */
  readonly hooks: readonly string[];
}

/** Reads what `iptables -t TABLE -S` prints. */
export const readPresent = (listing: string): PresentRules => {
  const chains: string[] = [];
  const hooks: string[] = [];
  for (const line of listing.split('\n')) {
    const [verb = '', chain = ''] = line.split(' ');
    const target = / -[jg] (\S+)$/.exec(line)?.[1] ?? '';
    if (verb === '-N' && isOurs(chain)) chains.push(chain);
    if (verb === '-A' && !isOurs(chain) && isOurs(target)) hooks.push(line);
  }
  return { chains, hooks };
};

const isOurs = (chain: string): boolean => chain === KNOCK_CHAIN || chain.startsWith(`${KNOCK_CHAIN}-`);

/** Text for `iptables-restore --noflush`; undefined where there is nothing to take away. */
export const removalOf = (table: KnockTable, { chains, hooks }: PresentRules): string | undefined => {
  if (chains.length === 0 && hooks.length === 0) return undefined;
  const lines = [
    `*${table}`,
    ...hooks.map((line) => line.replace(/^-A/, '-D')),
    // Emptied first: a chain to which another leads cannot go.
    ...chains.map((chain) => `-F ${chain}`),
    ...chains.map((chain) => `-X ${chain}`),
    'COMMIT',
  ];
  return `${lines.join('\n')}\n`;
};

/** The chains of a table that `rules`, text for iptables-restore, do not make anew. */
export const staleChains = (present: PresentRules, rules: string): readonly string[] =>
  present.chains.filter((chain) => !rules.includes(`\n:${chain} `));
