/** Looks at this host, cheaply: what of firewalls is here, and what drops by default. Nothing is changed. */
import { existsSync, readFileSync } from 'node:fs';
import { choose, type Choice, type DefaultDrop, type FirewallFacts, type Usable } from '../../src/firewall/choose.ts';
import { inputChains, isDefaultDrop, legacyDrops, type NftChain, nftChains } from '../../src/firewall/input-chains.ts';
import { runProgram } from '../process/run.ts';
import type { NftRunner } from './nft-runner.ts';

const UFW_CONF = '/etc/ufw/ufw.conf';
/** The tables of the older iptables that are in use. */
const LEGACY_TABLES = ['/proc/net/ip_tables_names', '/proc/net/ip6_tables_names'] as const;
const PROGRAM_MS = 5000;

/** What firewall = auto comes to on this host. */
export const chooseHere = async (runner: NftRunner): Promise<Choice> => choose(await gatherFacts(runner));

const gatherFacts = async (runner: NftRunner): Promise<FirewallFacts> => {
  const [chains, legacy] = await Promise.all([listChains(runner), legacyRules()]);
  const known = chains.ok ? chains.chains : [];
  const names = [...known.map(({ name }) => name), ...legacy.flatMap(({ rules }) => chainsOf(rules))];
  const nftables: Usable = chains.ok ? { usable: true } : { usable: false, why: chains.why };
  return {
    // Its rules with nftables are a table of its own; with iptables it has chains for zones.
    firewalld: known.some(({ table }) => table === 'firewalld') || names.includes('INPUT_ZONES'),
    ufw: isUfwEnabled() && names.some((name) => name.startsWith('ufw-') || name.startsWith('ufw6-')),
    nftables,
    iptables: await iptablesUsable(nftables),
    drops: [...(await nftDrops(runner, known)), ...legacy.flatMap(({ family, rules }) => legacyDrops(family, rules))],
  };
};

type Chains =
  { readonly ok: true; readonly chains: readonly NftChain[] } | { readonly ok: false; readonly why: string };

const listChains = async (runner: NftRunner): Promise<Chains> => {
  try {
    return { ok: true, chains: nftChains(await runner.json('chains')) };
  } catch (error) {
    return { ok: false, why: error instanceof Error ? error.message : String(error) };
  }
};

const nftDrops = async (runner: NftRunner, chains: readonly NftChain[]): Promise<readonly DefaultDrop[]> => {
  const drops = await Promise.all(
    inputChains(chains).map(async (chain) => {
      const { family, table, name } = chain;
      const listing = await runner.json(`chain ${family} ${table} ${name}`).catch(() => undefined);
      const how = isDefaultDrop(chain, listing);
      // The names that iptables gives, whichever of its two kinds it is.
      const by = family !== 'inet' && table === 'filter' && name === 'INPUT' ? 'iptables' : 'nftables';
      return how === undefined ? undefined : ({ by, family, table, chain: name, how } as const);
    }),
  );
  return drops.filter((drop) => drop !== undefined);
};

const isUfwEnabled = (): boolean => {
  try {
    return /^\s*ENABLED\s*=\s*["']?yes\b/im.test(readFileSync(UFW_CONF, 'utf8'));
  } catch {
    return false;
  }
};

/** The version alone: a listing would make tables. */
const iptablesUsable = async (nftables: Usable): Promise<Usable> => {
  try {
    const { code, stdout } = await runProgram('iptables', ['--version'], '', PROGRAM_MS);
    if (code !== 0) return { usable: false, why: 'the program iptables fails' };
    if (stdout.includes('nf_tables') && !nftables.usable)
      return { usable: false, why: 'the program iptables stands on nftables' };
    return { usable: true };
  } catch {
    return { usable: false, why: 'there is no program iptables' };
  }
};

interface LegacyRules {
  readonly family: 'ip' | 'ip6';
  /** As `iptables -S` prints them. */
  readonly rules: string;
}

/** What the older iptables has in its table filter, where that is in use. */
const legacyRules = async (): Promise<readonly LegacyRules[]> => {
  const families = [
    { family: 'ip', names: LEGACY_TABLES[0], programs: ['iptables-legacy', 'iptables'] },
    { family: 'ip6', names: LEGACY_TABLES[1], programs: ['ip6tables-legacy', 'ip6tables'] },
  ] as const;
  const used = families.filter(({ names }) => existsSync(names) && readIfMay(names).split('\n').includes('filter'));
  return Promise.all(used.map(async ({ family, programs }) => ({ family, rules: await firstOutput(programs) })));
};

const readIfMay = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

const firstOutput = async (programs: readonly string[]): Promise<string> => {
  for (const program of programs) {
    try {
      const { code, stdout } = await runProgram(program, ['-S'], '', PROGRAM_MS);
      if (code === 0) return stdout;
    } catch {
      // The next one, where there is one.
    }
  }
  return '';
};

const chainsOf = (rules: string): readonly string[] => [...rules.matchAll(/^-N (\S+)$/gm)].map(([, name = '']) => name);
