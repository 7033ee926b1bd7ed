/** What `iptables-save` prints, as far as it is about us. */
import type { Chain } from './iptables-chain.ts';
import { CHAINS, TABLES, type Table } from './iptables-rule.ts';

/** A chain of its own in which it is tried what the kernel can do. */
export const PROBE_CHAIN = 'SPAD-PROBE';

const OURS: ReadonlySet<string> = new Set([...Object.keys(CHAINS), PROBE_CHAIN]);

export interface TableListing {
  /** The chains of ours and their rules, as they follow the chain's name. */
  readonly ours: ReadonlyMap<string, readonly string[]>;
  /** Rules of others' chains that lead to ours, whole: `-A PREROUTING -j SPAD-GUARD`. */
  readonly hooks: readonly string[];
  /** The first rule of each chain of others, whole. */
  readonly first: ReadonlyMap<string, string>;
}

export type Listing = Readonly<Record<Table, TableListing>>;

interface Reading {
  readonly ours: Map<string, string[]>;
  readonly hooks: string[];
  readonly first: Map<string, string>;
}

/** Reads what `iptables-save` prints. Tables and chains that are not there are empty. */
export const readListing = (text: string): Listing => {
  const tables = { nat: reading(), filter: reading(), mangle: reading() };
  let table: Reading | undefined;
  for (const line of text.split('\n')) {
    const mark = line.charAt(0);
    if (mark === '*') {
      const name = TABLES.find((one) => line === `*${one}`);
      table = name === undefined ? undefined : tables[name];
    } else if (table !== undefined && (mark === ':' || mark === '-')) readLine(table, line);
  }
  return tables;
};

const reading = (): Reading => ({ ours: new Map(), hooks: [], first: new Map() });

const readLine = (table: Reading, line: string): void => {
  if (line.startsWith(':')) {
    const name = line.slice(1, line.indexOf(' '));
    if (OURS.has(name)) table.ours.set(name, []);
    return;
  }
  const [, name, rest] = /^-A (\S+) (.*)$/.exec(line) ?? [];
  if (name === undefined || rest === undefined) return;
  const own = table.ours.get(name);
  if (own !== undefined) own.push(rest);
  else {
    if (!table.first.has(name)) table.first.set(name, line);
    if (OURS.has(/(?:^| )-[jg] (\S+)$/.exec(rest)?.[1] ?? '')) table.hooks.push(line);
  }
};

/** The one rule by which a chain of ours is to be called. */
export const hookOf = ({ name, hook }: Chain): string | undefined =>
  hook === undefined ? undefined : `-A ${hook} -j ${name}`;

/** Whether the hooks of these chains, all that a table is to have, come first and are the only ones. */
export const areHooked = ({ hooks, first }: TableListing, chains: readonly Chain[]): boolean => {
  const wanted = chains.map(hookOf).filter((line) => line !== undefined);
  return (
    hooks.length === wanted.length &&
    chains.every((chain) => chain.hook === undefined || first.get(chain.hook) === hookOf(chain))
  );
};

/** Whether a listing shows these chains of ours, and no more of ours than these. */
export const isListed = (listing: Listing, chains: readonly Chain[]): boolean =>
  TABLES.every((name) => {
    const table = listing[name];
    const inTable = chains.filter((chain) => chain.table === name);
    return (
      table.ours.size === inTable.length &&
      areHooked(table, inTable) &&
      inTable.every((chain) => holds(table.ours.get(chain.name) ?? [], chain))
    );
  });

const holds = (listed: readonly string[], { head, openings, tail }: Chain): boolean => {
  const lines = listed.map(canonical);
  const rest = lines.length - tail.length;
  return (
    rest - head.length === openings.length &&
    equal(lines.slice(0, head.length), head.map(canonical)) &&
    equal(lines.slice(head.length, rest).sort(), openings.map(canonical).sort()) &&
    equal(lines.slice(rest), tail.map(canonical))
  );
};

const equal = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, index) => text === b[index]);

/** What versions of iptables write in more than one way: matches that a protocol implies, and the order of states. */
const canonical = (rule: string): string =>
  rule
    .replace(/ -m (?:tcp|udp)(?= )/, '')
    .replace('RELATED,ESTABLISHED', 'ESTABLISHED,RELATED')
    .replace(' --utc', '');
