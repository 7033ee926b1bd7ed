/**
 * Reads `nft --json list ruleset` (libnftables-json(5)) into the model. Each rule's text comes from `nft --handle list
 * ruleset`, which writes it as its owner has. What iptables has made and nft cannot show is a doubt here, and is replaced by
 * what iptables-save says of it.
 */
import { parseAddress } from '../base/address.ts';
import { isObject, type JsonObject, listOf, numberAt, objectAt, parseJson, textAt } from './json.ts';
import { flagBits, type Left, needsOf, readElement, readElements, readLeft, type Sets } from './nft-value.ts';
import {
  type Base,
  type Chain,
  type Hook,
  match,
  PROTOCOL_NUMBERS,
  type Rule,
  type Ruleset,
  span,
  type Step,
  type TableFamily,
  type Verdict,
  verdict,
} from './ruleset.ts';

export interface NftReading {
  readonly ruleset: Ruleset;
  /** The tables, such as `ip filter`, in which rules are that only iptables-save can show. */
  readonly opaque: readonly string[];
}

/** Undefined where the text is not what nft writes. */
export const readNftRuleset = (json: string, listing: string): NftReading | undefined => {
  const root = parseJson(json);
  const items = isObject(root) ? root['nftables'] : undefined;
  if (!Array.isArray(items)) return undefined;
  const objects = (items as readonly unknown[]).filter(isObject);
  const texts = readListing(listing);
  const sets = readSets(objects);
  const rules = new Map<string, Rule[]>();
  const opaque = new Set<string>();
  for (const rule of objects.map((object) => objectAt(object, 'rule')).filter((found) => found !== undefined)) {
    const place = chainKey(rule, textAt(rule, 'chain'));
    const list = rules.get(place) ?? [];
    rules.set(place, list);
    const steps = listOf(rule['expr']);
    if (steps.some((step) => isObject(step) && 'xt' in step)) opaque.add(tableOf(rule));
    list.push({
      number: list.length + 1,
      text: texts.rules.get(`${tableOf(rule)} ${String(numberAt(rule, 'handle'))}`) ?? '',
      steps: steps.flatMap((step) => readStep(step, sets.get(tableOf(rule)) ?? new Map())),
    });
  }
  const ruleset = objects.flatMap((object) => readChain(objectAt(object, 'chain'), rules, texts));
  return { ruleset, opaque: [...opaque] };
};

const tableOf = (object: JsonObject): string => `${textAt(object, 'family') ?? ''} ${textAt(object, 'table') ?? ''}`;

const chainKey = (object: JsonObject, name: string | undefined): string => `${tableOf(object)} ${name ?? ''}`;

interface Listing {
  /** The text of each rule by its table and handle. */
  readonly rules: ReadonlyMap<string, string>;
  /** The interfaces of each chain of ingress, by its table and name: nft 1.0.6 leaves them out of its JSON. */
  readonly devices: ReadonlyMap<string, readonly string[]>;
}

const readListing = (listing: string): Listing => {
  const rules = new Map<string, string>();
  const devices = new Map<string, readonly string[]>();
  let [table, chain, begun] = ['', '', ''];
  for (const line of listing.split('\n')) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    const [, device] = /^\t\ttype .* hook ingress devices? (?:= )?(.*) priority /.exec(line) ?? [];
    if (device !== undefined) devices.set(`${table} ${chain}`, device.match(/[^\s"{},]+/g) ?? []);
    const text = `${begun}${begun === '' ? '' : ' '}${line.trim()}`;
    const [, body, handle] = /^(.*) # handle ([0-9]+)$/.exec(text) ?? [];
    // A rule with a long set goes over several lines.
    begun = body === undefined && text.includes('{') && !/^(?:table|chain|set|map) .*\{$/.test(text) ? text : '';
    if (body === undefined || handle === undefined) continue;
    rules.set(`${table} ${handle}`, body.replace(/counter packets [0-9]+ bytes [0-9]+/g, 'counter'));
  }
  return { rules, devices };
};

/** The elements of each table's sets and maps, by the table. */
const readSets = (objects: readonly JsonObject[]): ReadonlyMap<string, Sets> => {
  const tables = new Map<string, Map<string, readonly unknown[]>>();
  for (const object of objects) {
    const set = objectAt(object, 'set') ?? objectAt(object, 'map');
    if (set === undefined) continue;
    const table = tables.get(tableOf(set)) ?? new Map<string, readonly unknown[]>();
    tables.set(tableOf(set), table);
    table.set(textAt(set, 'name') ?? '', listOf(set['elem']));
  }
  return tables;
};

const FAMILIES: readonly TableFamily[] = ['ip', 'ip6', 'inet', 'netdev'];
const HOOKS: readonly Hook[] = ['ingress', 'prerouting', 'input', 'forward', 'output', 'postrouting'];
const TYPES: readonly Base['type'][] = ['filter', 'nat', 'route'];

/** None where the chain is none that IP packets of this host meet: of bridges, of ARP. */
const readChain = (
  chain: JsonObject | undefined,
  rules: ReadonlyMap<string, readonly Rule[]>,
  { devices }: Listing,
): Chain[] => {
  const family = FAMILIES.find((known) => known === textAt(chain, 'family'));
  if (chain === undefined || family === undefined) return [];
  const name = textAt(chain, 'name') ?? '';
  return [
    {
      family,
      table: tableOf(chain),
      name,
      base: readBase(chain, devices.get(chainKey(chain, name)) ?? []),
      rules: rules.get(chainKey(chain, name)) ?? [],
    },
  ];
};

const readBase = (chain: JsonObject, devices: readonly string[]): Base | undefined => {
  const hook = HOOKS.find((known) => known === textAt(chain, 'hook'));
  const type = TYPES.find((known) => known === textAt(chain, 'type'));
  if (hook === undefined || type === undefined) return undefined;
  return {
    ...{ hook, type, priority: numberAt(chain, 'prio') ?? 0 },
    policy: textAt(chain, 'policy') === 'drop' ? 'drop' : 'accept',
    devices,
  };
};

/** Statements that do nothing to what becomes of a packet here. */
const HARMLESS = [
  ...['counter', 'log', 'comment', 'dup', 'flow', 'set', 'map', 'ct helper', 'ct timeout', 'ct expectation'],
  ...['last', 'secmark'],
];

const readStep = (step: unknown, sets: Sets): readonly Step[] => {
  if (!isObject(step)) return [{ do: 'doubt', what: 'a statement that is not known' }];
  const [name = '', body] = Object.entries(step)[0] ?? [];
  switch (name) {
    case 'match':
      return readMatch(body, sets);
    case 'vmap':
      return readLookUp(body, sets);
    case 'reject':
      return [...rejectNeeds(body), verdict('reject')];
    case 'notrack':
      return [{ do: 'notrack' }];
    case 'mangle':
      return readMangle(body);
    case 'dnat':
    case 'redirect':
      return readNat(name, body, sets);
    case 'snat':
    case 'masquerade':
      return [verdict('accept')];
    case 'queue':
    case 'fwd':
    case 'tproxy':
    case 'synproxy':
      return [{ do: 'verdict', verdict: { kind: 'unsure', what: name } }];
    case 'xt':
      return textAt(body, 'type') === 'target' ? doubtful('xt') : [{ do: 'doubt', what: 'xt' }];
    default:
      if (HARMLESS.includes(name)) return [];
      return [readVerdictStep(step) ?? { do: 'doubt', what: name }];
  }
};

const readVerdictStep = (step: JsonObject): Step | undefined => {
  const found = readVerdict(step);
  return found === undefined ? undefined : { do: 'verdict', verdict: found };
};

const readVerdict = (value: unknown): Verdict | undefined => {
  const [name = '', body] = isObject(value) ? (Object.entries(value)[0] ?? []) : [];
  if (name === 'accept' || name === 'drop' || name === 'return') return { kind: name };
  const target = textAt(body, 'target');
  return (name === 'jump' || name === 'goto') && target !== undefined ? { kind: name, chain: target } : undefined;
};

const readLefts = (left: unknown): readonly Left[] | undefined => {
  const parts = isObject(left) && Array.isArray(left['concat']) ? (left['concat'] as readonly unknown[]) : [left];
  const read = parts.map(readLeft).filter((part) => part !== undefined);
  return read.length === parts.length ? read : undefined;
};

const describe = (left: unknown): string => {
  const [kind = 'a match', body] = isObject(left) ? (Object.entries(left)[0] ?? []) : [];
  const words = [kind, textAt(body, 'protocol'), textAt(body, 'field') ?? textAt(body, 'key')];
  return words.filter((text) => text !== undefined && text !== 'payload').join(' ');
};

const readMatch = (body: unknown, sets: Sets): readonly Step[] => {
  const { left, right, op } = isObject(body) ? body : {};
  const exthdr = objectAt(left, 'exthdr');
  // The packets that are walked have no extension headers.
  if (exthdr !== undefined) return right === false ? [] : [NEVER];
  const lefts = readLefts(left);
  if (lefts === undefined) return [...needsOf(left), { do: 'doubt', what: describe(left) }];
  const needs = lefts.flatMap((part) => part.needs);
  const fields = lefts.map(({ field }) => field);
  const [mask] = lefts.flatMap((part) => part.mask ?? []);
  if (op === '<' || op === '>' || op === '<=' || op === '>=') {
    if (typeof right !== 'number' || !Number.isInteger(right)) return [...needs, { do: 'doubt', what: describe(left) }];
    const [from, to] = op.startsWith('>')
      ? [right + (op === '>' ? 1 : 0), Number.MAX_SAFE_INTEGER]
      : [0, right - (op === '<' ? 1 : 0)];
    const elements = [[span(from, to)]];
    return [...needs, { do: 'match', fields, negated: false, elements, ...(mask === undefined ? {} : { mask }) }];
  }
  // Any of these flags.
  if (op === 'in' && fields[0] === 'tcp-flags') {
    const bits = flagBits('tcp-flags', right);
    if (bits === undefined) return [...needs, { do: 'doubt', what: 'tcp flags' }];
    return [...needs, { do: 'match', fields, negated: true, elements: [[span(0)]], mask: bits }];
  }
  const elements = readElements(fields, right, sets);
  const negated = op === '!=';
  return [...needs, { do: 'match', fields, negated, elements, ...(mask === undefined ? {} : { mask }) }];
};

const NEVER: Step = match('family', []);

const readLookUp = (body: unknown, sets: Sets): readonly Step[] => {
  const { key, data } = isObject(body) ? body : {};
  const lefts = readLefts(key);
  const items = typeof data === 'string' ? sets.get(data.replace(/^@/, '')) : listOf(objectOrUndefined(data)?.['set']);
  const pairs = items?.map((item) => (Array.isArray(item) ? (item as readonly unknown[]) : []));
  if (lefts === undefined || pairs === undefined) return doubtful('vmap');
  const fields = lefts.map(({ field }) => field);
  const entries = pairs.flatMap(([first, second]) => {
    const found = readVerdict(second);
    return found === undefined ? [] : [{ element: readElement(fields, first), verdict: found }];
  });
  return [...lefts.flatMap(({ needs }) => needs), { do: 'look-up', fields, entries }];
};

const objectOrUndefined = (value: unknown): JsonObject | undefined => (isObject(value) ? value : undefined);

const doubtful = (what: string): readonly Step[] => [{ do: 'verdict', verdict: { kind: 'unsure', what } }];

/** nft leaves out of its JSON what the kind of rejection says already. */
const rejectNeeds = (body: unknown): readonly Step[] => {
  switch (textAt(body, 'type')) {
    case 'tcp reset':
      return [match('protocol', [span(PROTOCOL_NUMBERS['tcp'] ?? 0)])];
    case 'icmp':
      return [match('family', [span(4)])];
    case 'icmpv6':
      return [match('family', [span(6)])];
    case undefined:
    default:
      return [];
  }
};

const readMangle = (body: unknown): readonly Step[] => {
  if (textAt(objectAt(objectAt(body, 'key'), 'meta'), 'key') !== 'mark') return [];
  const value = numberAt(body, 'value');
  return [{ do: 'mark', value: value === undefined ? undefined : BigInt(value) }];
};

const readNat = (name: 'dnat' | 'redirect', body: unknown, sets: Sets): readonly Step[] => {
  const { addr, port, family } = isObject(body) ? body : {};
  const here = name === 'redirect' ? 'here' : undefined;
  const address = addr === undefined ? here : typeof addr === 'string' ? (parseAddress(addr) ?? 'unsure') : 'unsure';
  const toPort = port === undefined ? undefined : typeof port === 'number' ? port : ('unsure' as const);
  const needs = family === 'ip' || family === 'ip6' ? [match('family', [span(family === 'ip' ? 4 : 6)])] : [];
  return [...needs, ...inMap(addr, sets), ...inMap(port, sets), { do: 'nat', address, port: toPort }];
};

/** A rule that looks its value up goes on only where the map has one. */
const inMap = (value: unknown, sets: Sets): readonly Step[] => {
  const map = objectAt(value, 'map');
  if (map === undefined) return [];
  const { key, data } = map;
  const lefts = readLefts(key);
  const items = typeof data === 'string' ? sets.get(data.replace(/^@/, '')) : listOf(objectOrUndefined(data)?.['set']);
  if (lefts === undefined || items === undefined) return [{ do: 'doubt', what: 'a map' }];
  const fields = lefts.map(({ field }) => field);
  const elements = items.map((item) =>
    readElement(fields, Array.isArray(item) ? (item as readonly unknown[])[0] : item),
  );
  return [...lefts.flatMap(({ needs }) => needs), { do: 'match', fields, negated: false, elements }];
};
