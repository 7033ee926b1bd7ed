/** Reads what iptables-save and ip6tables-save write (iptables-save(8)) into the model, with the hooks of the kernel's tables. */
import type { Family } from '../base/address.ts';
import { own } from '../base/own.ts';
import { readIptablesRule } from './iptables-rule.ts';
import type { Base, Chain, Hook, Rule, Ruleset } from './ruleset.ts';

/** linux/netfilter_ipv4.h: the priority of each table; that of nat is another where the source is changed. */
const PRIORITIES: Readonly<Record<string, number>> = { raw: -300, mangle: -150, nat: -100, filter: 0, security: 50 };
const NAT_SOURCE = 100;

const HOOKS: Readonly<Record<string, Hook>> = {
  ...{ PREROUTING: 'prerouting', INPUT: 'input', FORWARD: 'forward', OUTPUT: 'output', POSTROUTING: 'postrouting' },
};

/** `legacy`: the rules are in the kernel's old tables, which nft does not show. */
export const readIptablesSave = (text: string, family: Family, legacy: boolean): Ruleset => {
  const chains = new Map<string, { readonly chain: Chain; readonly rules: Rule[] }>();
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    const [, chain = '', policy] = /^:(\S+) (ACCEPT|DROP|-)/.exec(line) ?? [];
    if (policy !== undefined) {
      const rules: Rule[] = [];
      const made: Chain = {
        ...{ family: family === 4 ? 'ip' : 'ip6', name: chain, base: baseOf(table, chain, policy), rules },
        table: `${family === 4 ? 'ip' : 'ip6'} ${table}${legacy ? ' (legacy)' : ''}`,
      };
      chains.set(`${table} ${chain}`, { chain: made, rules });
    }
    const [, name = '', body] = /^(?:\[[0-9:]+\] )?-A (\S+) ?(.*)$/.exec(line) ?? [];
    const rules = chains.get(`${table} ${name}`)?.rules;
    if (body === undefined || rules === undefined) continue;
    rules.push({ number: rules.length + 1, text: body, steps: readIptablesRule(body, family) });
  }
  return [...chains.values()].map(({ chain }) => chain);
};

const baseOf = (table: string, chain: string, policy: string): Base | undefined => {
  const hook = own(HOOKS, chain);
  if (hook === undefined || policy === '-') return undefined;
  const isSource = table === 'nat' && (hook === 'input' || hook === 'postrouting');
  return {
    ...{ type: table === 'nat' ? 'nat' : 'filter', hook },
    ...{ priority: isSource ? NAT_SOURCE : (own(PRIORITIES, table) ?? 0) },
    ...{ policy: policy === 'DROP' ? 'drop' : 'accept', devices: [] },
  };
};

/**
 * The ruleset as nft shows it, with the rules that only iptables-save can show taken from there, where the two agree on how
 * many a chain has.
 */
export const replaceOpaque = (nft: Ruleset, opaque: readonly string[], saved: Ruleset): Ruleset =>
  nft.map((chain) => {
    if (!opaque.includes(chain.table)) return chain;
    const same = saved.find(({ table, name }) => table === chain.table && name === chain.name);
    return same?.rules.length === chain.rules.length ? { ...chain, rules: same.rules } : chain;
  });
