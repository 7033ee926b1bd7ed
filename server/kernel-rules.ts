/** Kernel rules for doors, put into the firewall of this machine and taken out of it. Knows no door: text in, text away. */
import type { Family } from '../src/base/address.ts';
import type { KnockTable } from '../src/knock/kernel-rules/iptables.ts';
import { iptablesRules, KNOCK_TABLES } from '../src/knock/kernel-rules/iptables.ts';
import { type PresentRules, readPresent, removalOf, staleChains } from '../src/knock/kernel-rules/iptables-present.ts';
import { nftablesRemoval } from '../src/knock/kernel-rules/nftables.ts';
import type { KernelPlan } from '../src/knock/kernel-rules/plan.ts';
import { findNftRunner } from './firewall/nft-runner.ts';
import { runTool } from './firewall/run-tool.ts';

/** Loads a script of nft; what was there before is gone with it, in one transaction. Throws FirewallError. */
export const applyNftables = async (script: string): Promise<void> => {
  await findNftRunner().run(script);
};

/** Throws FirewallError; not where there is nothing to take away. */
export const removeNftables = (): Promise<void> => applyNftables(nftablesRemoval());

/**
 * Loads a family's rules, be others of ours there or not. Those who have knocked keep their openings where a door of the
 * same number opens the same. Throws FirewallError with the program's words.
 */
export const applyIptables = async (plan: KernelPlan, source: string): Promise<void> => {
  const before = await present(plan.family);
  const hooked = KNOCK_TABLES.filter((table) => before[table].hooks.length > 0);
  const rules = iptablesRules(plan, source, hooked);
  await restore(plan.family, rules);
  for (const table of KNOCK_TABLES)
    await remove(plan.family, table, { chains: staleChains(before[table], rules), hooks: [] });
};

/** Takes a family's rules away. Throws FirewallError; not where there is nothing to take away. */
export const removeIptables = async (family: Family): Promise<void> => {
  const before = await present(family);
  for (const table of KNOCK_TABLES) await remove(family, table, before[table]);
};

const remove = async (family: Family, table: KnockTable, rules: PresentRules): Promise<void> => {
  const text = removalOf(table, rules);
  if (text !== undefined) await restore(family, text);
};

const programOf = (family: Family): string => (family === 4 ? 'iptables' : 'ip6tables');

const present = async (family: Family): Promise<Readonly<Record<KnockTable, PresentRules>>> => {
  const listed = async (table: KnockTable): Promise<PresentRules> =>
    readPresent(await run(programOf(family), ['-w', '10', '-t', table, '-S'], ''));
  return { mangle: await listed('mangle'), filter: await listed('filter') };
};

const restore = async (family: Family, text: string): Promise<void> => {
  await run(`${programOf(family)}-restore`, ['-w', '10', '--noflush'], text);
};

const run = (program: string, args: readonly string[], input: string): Promise<string> =>
  runTool(program, args, input, 'iptables');
