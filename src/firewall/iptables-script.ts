/**
 * Text for `iptables-restore --noflush`: each table is changed in one step, one after another, in the order of the text.
 * The order is such that nobody who is forwarded is let in at this host's own port: where connections go is known before
 * anybody may pass, and until nobody may any more.
 */
import type { Family } from '../base/address.ts';
import type { Wanted } from './desired.ts';
import { type Chain, chainsOf } from './iptables-chain.ts';
import { areHooked, type Listing, PROBE_CHAIN, type TableListing } from './iptables-listing.ts';
import { CHAINS, type Rule, type RuleStyle, rulesOf, type Table } from './iptables-rule.ts';
import type { Opening } from './opening.ts';

/** One text or the other is empty where there is nothing to do. */
export interface Batch {
  /** Before it is changed who may pass in sets. */
  readonly first: string;
  /** After that. */
  readonly last: string;
}

/** Makes our chains anew, whatever of ours the listing shows, and has them called first. */
export const installBatch = (chains: readonly Chain[], listing: Listing): Batch => {
  const inTable = (table: Table): readonly Chain[] => chains.filter((chain) => chain.table === table);
  const nat = inTable('nat');
  // What is forwarded by now goes on being so until the guard has changed.
  const withOld = nat.map((chain): Chain => {
    const rules = [...chain.head, ...chain.openings];
    return { ...chain, tail: (listing.nat.ours.get(chain.name) ?? []).filter((rule) => !rules.includes(rule)) };
  });
  const hasOld = withOld.some(({ tail }) => tail.length > 0);
  const others = (['filter', 'mangle'] as const).map((table) => layTable(table, inTable(table), listing[table]));
  return {
    first: [...(nat.length === 0 ? [] : [layTable('nat', withOld, listing.nat)]), ...others].join(''),
    last:
      nat.length === 0 ? clearTable('nat', listing.nat) : hasOld ? section('nat', [...empty(nat), ...fill(nat)]) : '',
  };
};

const layTable = (table: Table, chains: readonly Chain[], listing: TableListing): string => {
  const stale = [...listing.ours.keys()].filter((name) => !chains.some((chain) => chain.name === name));
  const hook = chains.flatMap((chain) => (chain.hook === undefined ? [] : [`-I ${chain.hook} 1 -j ${chain.name}`]));
  return section(table, [
    ...empty(chains),
    ...(areHooked(listing, chains) ? [] : [...unhook(listing), ...hook]),
    ...fill(chains),
    ...drop(stale),
  ]);
};

/** Naming a chain makes it, and empties it where it is there. */
const empty = (chains: readonly Chain[]): string[] => chains.map(({ name }) => `:${name} - [0:0]`);

const fill = (chains: readonly Chain[]): string[] =>
  chains.flatMap(({ name, head, openings, tail }) =>
    [...head, ...openings, ...tail].map((rule) => `-A ${name} ${rule}`),
  );

const unhook = ({ hooks }: TableListing): string[] => hooks.map((line) => line.replace(/^-A/, '-D'));

/** Emptied first: a chain to which another leads cannot go. */
const drop = (names: readonly string[]): string[] => [
  ...names.map((name) => `-F ${name}`),
  ...names.map((name) => `-X ${name}`),
];

const clearTable = (table: Table, listing: TableListing): string =>
  section(table, [...unhook(listing), ...drop([...listing.ours.keys()])]);

const section = (table: Table, lines: readonly string[]): string =>
  lines.length === 0 ? '' : `${[`*${table}`, ...lines, 'COMMIT'].join('\n')}\n`;

/** Takes all of ours away; empty where there is nothing. */
export const removeScript = (listing: Listing): string =>
  // Where connections go is the last to go, for those who may still pass.
  (['filter', 'mangle', 'nat'] as const).map((table) => clearTable(table, listing[table])).join('');

export interface RuleChange {
  readonly close: readonly Opening[];
  readonly open: readonly Opening[];
}

/** Takes the rules of some openings out and puts those of others in; `wanted` is what is there afterwards. */
export const changeBatch = (
  family: Family,
  change: RuleChange,
  wanted: Wanted,
  forwards: boolean,
  style: RuleStyle,
): Batch => {
  const rules = (openings: readonly Opening[]): Rule[] =>
    openings.filter(({ address }) => address.family === family).flatMap((opening) => rulesOf(opening, style));
  const [old, fresh] = [rules(change.close), rules(change.open)];
  const places = new Map(
    chainsOf(family, { ...wanted, openings: [] }, forwards, style).map(({ name, head }) => [name, head.length + 1]),
  );
  const insert = without(fresh, old).map(({ chain, text }) => ({
    chain,
    line: `-I ${chain} ${String(places.get(chain) ?? 1)} ${text}`,
  }));
  const remove = without(old, fresh).map(({ chain, text }) => ({ chain, line: `-D ${chain} ${text}` }));
  const inTable = (table: Table, lines: readonly { chain: Rule['chain']; line: string }[]): string =>
    section(
      table,
      lines.filter(({ chain }) => CHAINS[chain].table === table).map(({ line }) => line),
    );
  return {
    // In a table all happens at once, so whoever's grant is extended is never shut out.
    first:
      inTable('nat', insert) + inTable('filter', [...insert, ...remove]) + inTable('mangle', [...insert, ...remove]),
    last: inTable('nat', remove),
  };
};

/** Those of `rules` that are not among the others. */
const without = (rules: readonly Rule[], others: readonly Rule[]): readonly Rule[] => {
  const keys = new Set(others.map(({ chain, text }) => `${chain} ${text}`));
  return rules.filter(({ chain, text }) => !keys.has(`${chain} ${text}`));
};

/** Tries whether the kernel can end rules, in a chain that nothing leads to. */
export const probeScript = (match: string): string =>
  section('mangle', [`:${PROBE_CHAIN} - [0:0]`, `-A ${PROBE_CHAIN} ${match} -j RETURN`]);

export const unprobeScript = (): string => section('mangle', [`:${PROBE_CHAIN} - [0:0]`, `-X ${PROBE_CHAIN}`]);
