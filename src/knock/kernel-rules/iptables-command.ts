/**
 * What a door's command does to the firewall, where that can be said without running it: `iptables` or `ip6tables` that
 * puts in or takes out one rule which accepts TCP or UDP ports from `%IP%`.
 *
 * The text is split at white space, as a shell splits a line without special characters; a line with any is not read.
 * Every option is one whose meaning is known here: an option that narrows the rule (`-i`, `-d`, `-m limit`) would be
 * lost in silence otherwise.
 */
import type { Family } from '../../base/address.ts';
import { own } from '../../base/own.ts';
import { normalizePorts, type PortSpec, parsePortSpec, type Protocol } from '../../base/port-spec.ts';
import { printable } from '../../base/printable.ts';
import { err, ok, type Result } from '../../base/result.ts';

export interface RuleCommand {
  readonly verb: 'insert' | 'delete';
  readonly family: Family;
  /** What the rule accepts, canonical. */
  readonly ports: readonly PortSpec[];
  /** Equal for two commands just where the one takes out what the other has put in. */
  readonly rule: string;
}

/** Why a command cannot become a kernel rule, and what would be right. */
export interface Misfit {
  readonly problem: string;
  readonly hint: string;
}

const USUAL_SHAPE = 'a kernel rule can be made of "iptables -I INPUT -s %IP% -p tcp --dport 22 -j ACCEPT"';

/** Whatever a shell reads as more than a letter of a word. `!`, too, which turns an option of iptables around. */
const SHELL = /[;&|<>$`\\"'(){}*?[\]~#!\n\r]/;

interface OptionKind {
  /** The one name under which all its spellings are kept. */
  readonly name: string;
  /** Whether a value follows: always, never, or where the next word is a number. */
  readonly value: 'yes' | 'no' | 'number';
  /** The match (`-m`) without which iptables does not know it. */
  readonly match?: string;
}

const optionTable: readonly (readonly [spellings: string, kind: OptionKind])[] = [
  ['-t --table', { name: 'table', value: 'yes' }],
  ['-s --source --src', { name: 'source', value: 'yes' }],
  ['-p --protocol --proto', { name: 'protocol', value: 'yes' }],
  ['-j --jump', { name: 'jump', value: 'yes' }],
  ['--dport --destination-port', { name: 'port', value: 'yes' }],
  ['--dports --destination-ports', { name: 'ports', value: 'yes', match: 'multiport' }],
  ['--state', { name: 'state', value: 'yes', match: 'state' }],
  ['--ctstate', { name: 'state', value: 'yes', match: 'conntrack' }],
  ['--comment', { name: 'comment', value: 'yes', match: 'comment' }],
  ['--syn', { name: 'syn', value: 'no' }],
  ['-w --wait', { name: 'wait', value: 'number' }],
];

const OPTIONS: ReadonlyMap<string, OptionKind> = new Map(
  optionTable.flatMap(([spellings, kind]) => spellings.split(' ').map((spelling) => [spelling, kind] as const)),
);

const VERBS: Readonly<Record<string, RuleCommand['verb']>> = {
  '-A': 'insert',
  '--append': 'insert',
  '-I': 'insert',
  '--insert': 'insert',
  '-D': 'delete',
  '--delete': 'delete',
};

const MATCHES: readonly string[] = ['tcp', 'udp', 'state', 'conntrack', 'multiport', 'comment'];

/** Chains through which packets for this host do not come. */
const OTHER_WAYS: readonly string[] = ['FORWARD', 'OUTPUT', 'PREROUTING', 'POSTROUTING'];

/** The words of a command, sorted by what they say. */
interface Draft {
  verb: RuleCommand['verb'] | undefined;
  chain: string;
  readonly matches: Set<string>;
  readonly values: Map<string, string>;
}

/** Reads one command of a door. */
export const readRuleCommand = (text: string): Result<RuleCommand, Misfit> => {
  const special = SHELL.exec(text);
  if (special !== null) return misfit(`"${printable(special[0])}" needs a shell`);
  const [program = '', ...words] = text.split(/[ \t\v\f]+/).filter((word) => word !== '');
  const family = familyOf(program);
  if (family === undefined) return misfit(`"${printable(program, 60)}" is a program for a daemon to run`);
  const draft = sortWords(words);
  return draft.ok ? meaningOf(draft.value, family) : draft;
};

const misfit = (problem: string, hint = USUAL_SHAPE): { readonly ok: false; readonly error: Misfit } =>
  err({ problem, hint });

const familyOf = (program: string): Family | undefined => {
  const name = /^(?:\/[^/]+)*\/?(ip6?tables)(?:-nft|-legacy)?$/.exec(program)?.[1];
  return name === undefined ? undefined : name === 'iptables' ? 4 : 6;
};

const sortWords = (words: readonly string[]): Result<Draft, Misfit> => {
  const draft: Draft = { verb: undefined, chain: '', matches: new Set(), values: new Map() };
  // iptables takes `--dport=22` for `--dport 22`.
  const rest = words.flatMap((word) => /^(--[a-z0-9-]+)=(.*)$/.exec(word)?.slice(1) ?? [word]);
  for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
    const problem = takeOption(name, rest, draft);
    if (problem !== undefined) return misfit(problem);
  }
  return ok(draft);
};

/** Enters one option and its value, which it takes from the front of `rest`. Gives what is wrong with it. */
const takeOption = (name: string, rest: string[], draft: Draft): string | undefined => {
  const verb = own(VERBS, name);
  const option = OPTIONS.get(name);
  if (verb !== undefined) {
    if (draft.verb !== undefined) return `${name} after another -A, -I or -D`;
    draft.verb = verb;
    draft.chain = rest.shift() ?? '';
    // The place in the chain at which the rule goes in; -D with a number would take out whatever stands there.
    if (verb === 'insert') shiftNumber(rest);
    return undefined;
  }
  if (name === '-m' || name === '--match') {
    const match = rest.shift() ?? '';
    if (!MATCHES.includes(match)) return `"-m ${printable(match, 40)}" narrows the rule`;
    draft.matches.add(match);
    return undefined;
  }
  if (option === undefined) return `"${printable(name, 40)}" is not an option that a kernel rule can stand for`;
  if (draft.values.has(option.name)) return `${name} says something a second time`;
  if (option.match !== undefined && !draft.matches.has(option.match)) return `${name} without "-m ${option.match}"`;
  const value = option.value === 'yes' ? rest.shift() : option.value === 'number' ? shiftNumber(rest) : '';
  if (value === undefined) return `${name} without a value`;
  draft.values.set(option.name, value);
  return undefined;
};

const shiftNumber = (rest: string[]): string => (/^[0-9]+$/.test(rest[0] ?? '') ? (rest.shift() ?? '') : '');

const meaningOf = (draft: Draft, family: Family): Result<RuleCommand, Misfit> => {
  const { verb, chain, values } = draft;
  const table = values.get('table') ?? 'filter';
  const protocol = own(PROTOCOLS, values.get('protocol') ?? '');
  if (verb === undefined) return misfit('it neither puts in (-I, -A) nor takes out (-D) a rule');
  if (table !== 'filter') return misfit(`it works on the table ${printable(table, 40)}`);
  if (OTHER_WAYS.includes(chain))
    return misfit(`the chain ${chain} is not on the way to this host's own ports`, 'open ports of this host: INPUT');
  if (values.get('jump') !== 'ACCEPT') return misfit('it does not accept', 'end it with "-j ACCEPT"');
  if (!HOST_SOURCES[family].includes(values.get('source') ?? ''))
    return misfit('it is not for the address that has knocked', 'say "-s %IP%"');
  if (protocol === undefined) return misfit('it names neither TCP nor UDP', 'say "-p tcp" or "-p udp"');
  const other = protocol === 'tcp' ? 'udp' : 'tcp';
  if (draft.matches.has(other) || (protocol === 'udp' && values.has('syn')))
    return misfit(`it speaks of ${protocol} and of ${other}`);
  const state = stateOf(values.get('state'));
  if (state === undefined) return misfit('its connection states are without NEW', 'say "--ctstate NEW"');
  const ports = portsOf(values, protocol);
  if (ports === undefined)
    return misfit('it names no port, or not as a number', 'say "--dport 22" or "--dport 6000:6010"');
  const details = [state, values.has('syn') ? 'syn' : '', values.get('comment') ?? ''];
  const rule = [String(family), chain, ...ports.map((spec) => JSON.stringify(spec)), ...details].join(' ');
  return ok({ verb, family, ports, rule });
};

const PROTOCOLS: Readonly<Record<string, Protocol>> = { tcp: 'tcp', udp: 'udp', '6': 'tcp', '17': 'udp' };

const HOST_SOURCES: Readonly<Record<Family, readonly string[]>> = {
  4: ['%IP%', '%IP%/32'],
  6: ['%IP%', '%IP%/128'],
};

/** The states in one order; undefined where new connections are not among them, or a word is another. */
const stateOf = (value: string | undefined): string | undefined => {
  if (value === undefined) return '';
  const states = value.split(',').sort();
  const known = states.every((state) => ['NEW', 'ESTABLISHED', 'RELATED'].includes(state));
  return known && states.includes('NEW') ? states.join(',') : undefined;
};

const portsOf = (values: ReadonlyMap<string, string>, protocol: Protocol): readonly PortSpec[] | undefined => {
  const [one, many] = [values.get('port'), values.get('ports')];
  if ((one === undefined) === (many === undefined)) return undefined;
  const texts = one === undefined ? (many ?? '').split(',') : [one];
  const specs = texts.map((text) => parsePortSpec(`${protocol}/${text.replace(':', '-')}`));
  const known = specs.filter((spec) => spec !== undefined);
  return known.length === specs.length ? normalizePorts(known) : undefined;
};
