/** All firewall rules of this host: nftables, and what of iptables nftables does not show. */
import { readFileSync } from 'node:fs';
import type { Family } from '../../src/base/address.ts';
import { readIptablesSave, replaceOpaque } from '../../src/host/iptables-save.ts';
import { readNftRuleset } from '../../src/host/nft-json.ts';
import type { Ruleset } from '../../src/host/ruleset.ts';
import { listRuleset } from '../firewall/nft-ruleset.ts';
import { runProgram } from '../process/run.ts';

const TIMEOUT_MS = 10_000;

export interface RulesReading {
  /** Undefined where nothing could be read. */
  readonly ruleset: Ruleset | undefined;
  /** What could not be read, for people. */
  readonly trouble: readonly string[];
}

export const readRules = async (): Promise<RulesReading> => {
  const trouble: string[] = [];
  const nft = await readNft(trouble);
  const legacy = await readLegacy(trouble);
  return { ruleset: nft === undefined ? undefined : [...nft, ...legacy], trouble };
};

const readNft = async (trouble: string[]): Promise<Ruleset | undefined> => {
  try {
    const { json, listing } = await listRuleset();
    const reading = readNftRuleset(json, listing);
    if (reading === undefined) {
      trouble.push('nft gave no JSON');
      return undefined;
    }
    const { ruleset, opaque } = reading;
    if (opaque.length === 0) return ruleset;
    const saved: Ruleset[] = [];
    for (const family of [4, 6] as const) {
      if (!opaque.some((table) => table.startsWith(family === 4 ? 'ip ' : 'ip6 '))) continue;
      saved.push(readIptablesSave(await save(family, 'nft', [], trouble), family, false));
    }
    return replaceOpaque(ruleset, opaque, saved.flat());
  } catch (error) {
    trouble.push(error instanceof Error ? error.message : String(error));
    return undefined;
  }
};

/** The old tables that are loaded: asking for another one would load it. */
const readLegacy = async (trouble: string[]): Promise<Ruleset> => {
  const found: Ruleset[] = [];
  for (const family of [4, 6] as const) {
    const names = readWords(`/proc/net/${family === 4 ? 'ip' : 'ip6'}_tables_names`);
    for (const table of names) {
      found.push(readIptablesSave(await save(family, 'legacy', ['-t', table], trouble), family, true));
    }
  }
  return found.flat();
};

const readWords = (path: string): readonly string[] => {
  try {
    return readFileSync(path, 'latin1')
      .split('\n')
      .filter((word) => /^[a-z]+$/.test(word));
  } catch {
    // Without the old tables' modules there is no such file.
    return [];
  }
};

/** The program is called by what it reads where there are two; where there is one, it may read the other. */
const save = async (
  family: Family,
  kind: 'nft' | 'legacy',
  args: readonly string[],
  trouble: string[],
): Promise<string> => {
  const stem = family === 4 ? 'iptables' : 'ip6tables';
  for (const program of [`${stem}-${kind}-save`, `${stem}-save`]) {
    try {
      const { code, stdout, stderr } = await runProgram(program, args, '', TIMEOUT_MS);
      if (code === 0) return stdout;
      trouble.push(`${program}: ${stderr.trim().split('\n')[0] ?? 'it failed without a word'}`);
      return '';
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    }
  }
  trouble.push(
    `there are rules of ${stem}${kind === 'legacy' ? ' in its old tables' : ''}, and no ${stem}-${kind}-save to show them`,
  );
  return '';
};
