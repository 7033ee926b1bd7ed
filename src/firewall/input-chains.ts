/** Chains that judge what comes in, as nft's JSON and `iptables -S` list them; and whether they drop what no rule knows. */
import type { DefaultDrop } from './choose.ts';

export interface NftChain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  /** Undefined: not hooked in anywhere. */
  readonly hook: string | undefined;
  readonly policy: string | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const objectsIn = (listing: unknown, kind: string): readonly Fields[] =>
  listOf(fieldsOf(listing)['nftables'])
    .map(fieldsOf)
    .filter((object) => kind in object)
    .map((object) => fieldsOf(object[kind]));

/** Of the listing of `list chains`. */
export const nftChains = (listing: unknown): readonly NftChain[] =>
  objectsIn(listing, 'chain').flatMap((chain) => {
    const [family, table, name] = [textOf(chain['family']), textOf(chain['table']), textOf(chain['name'])];
    if (family === undefined || table === undefined || name === undefined) return [];
    return [{ family, table, name, hook: textOf(chain['hook']), policy: textOf(chain['policy']) }];
  });

/** Those that see what comes in for this host. */
export const inputChains = (chains: readonly NftChain[]): readonly NftChain[] =>
  chains.filter(({ hook, family }) => hook === 'input' && ['inet', 'ip', 'ip6'].includes(family));

/** `listing`: that of `list chain`. */
export const isDefaultDrop = ({ policy }: NftChain, listing: unknown): DefaultDrop['how'] | undefined => {
  if (policy === 'drop') return 'policy';
  const last = objectsIn(listing, 'rule').at(-1);
  const statements = listOf(last?.['expr']).map(fieldsOf);
  const isEnd = (statement: Fields): boolean =>
    'drop' in statement || 'reject' in statement || fieldsOf(statement['xt'])['name'] === 'REJECT';
  const isAside = (statement: Fields): boolean => 'counter' in statement || 'log' in statement;
  const isAll = statements.every((statement) => isEnd(statement) || isAside(statement));
  return isAll && statements.some(isEnd) ? 'last rule' : undefined;
};

/** `rules`: what `iptables -S` prints of its table filter. */
export const legacyDrops = (family: 'ip' | 'ip6', rules: string): readonly DefaultDrop[] => {
  const about = { by: 'iptables', family, table: 'filter', chain: 'INPUT' } as const;
  if (/^-P INPUT DROP$/m.test(rules)) return [{ ...about, how: 'policy' }];
  const last = [...rules.matchAll(/^-A INPUT (.*)$/gm)].at(-1)?.[1] ?? '';
  return /^-j (?:DROP|REJECT)\b/.test(last) ? [{ ...about, how: 'last rule' }] : [];
};
