/** What other programs and the kernel say of this machine's firewall, and what we have left behind there. */
import { readConnections } from '../../src/firewall/conntrack-message.ts';
import { parseActiveZones, parseStrings } from '../../src/firewall/firewalld-call.ts';
import { formatRule, parseRule } from '../../src/firewall/firewalld-rule.ts';
import { areHooked, readListing } from '../../src/firewall/iptables-listing.ts';
import { formatLastFirewall, parseLastFirewall } from '../../src/firewall/last-firewall.ts';
import { formatSetPlace, parseSetPlace, readSet } from '../../src/firewall/nft-set.ts';
import { parseUfwSettings, parseUserRules } from '../../src/firewall/ufw-rule.ts';
import { readIptablesSave } from '../../src/host/iptables-save.ts';
import { parseJson } from '../../src/host/json.ts';
import { readNftRuleset } from '../../src/host/nft-json.ts';
import type { Ruleset } from '../../src/host/ruleset.ts';
import { readRuleCommand } from '../../src/knock/kernel-rules/iptables-command.ts';
import { readPresent, removalOf } from '../../src/knock/kernel-rules/iptables-present.ts';
import { shortly, walk } from '../unit/host/model.ts';
import { ascii, hex, present } from '../unit/values.ts';
import {
  CONNTRACK,
  FIREWALLD,
  IPTABLES_RULES,
  IPTABLES_SAVE,
  KNOCK_RULES,
  NFT,
  NFT_SET,
  RULE_COMMANDS,
  UFW_RULES,
} from './host-seeds.ts';

const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');
const CONTROL = /[\p{Cc}\p{Cf}]/u;

/** A packet's way through them ends, whatever they are. */
const walked = (ruleset: Ruleset): string | undefined =>
  shortly(walk(ruleset)) === '' ? 'a way without an end' : undefined;

const nftRuleset = (input: Uint8Array): string | undefined => {
  const reading = readNftRuleset(textOf(input), 'table inet f {\n}\n');
  return reading === undefined ? undefined : walked(reading.ruleset);
};

const iptablesSave = (input: Uint8Array): string | undefined =>
  walked([...readIptablesSave(textOf(input), 4, false), ...readIptablesSave(textOf(input), 6, true)]);

const iptablesRules = (input: Uint8Array): string | undefined => {
  const { nat, filter, mangle } = readListing(textOf(input));
  const ours = [nat, filter, mangle].flatMap((table) => [...table.ours.keys()]);
  if (ours.some((name) => !name.startsWith('SPAD'))) return 'a chain of others is taken for ours';
  return filter.hooks.length > 0 && areHooked(filter, []) ? 'hooks that nobody wants, and all is well' : undefined;
};

const knockRules = (input: Uint8Array): string | undefined => {
  const found = readPresent(textOf(input));
  const removal = removalOf('filter', found);
  const isEmpty = found.chains.length + found.hooks.length === 0;
  return isEmpty === (removal === undefined) ? undefined : 'a removal of nothing, or none of something';
};

const ruleCommand = (input: Uint8Array): string | undefined => {
  const read = readRuleCommand(textOf(input));
  if (!read.ok)
    return CONTROL.test(read.error.problem + read.error.hint) ? 'a control character in a sentence' : undefined;
  const { ports, verb } = read.value;
  if (!['insert', 'delete'].includes(verb)) return 'a verb that is none';
  return ports.every(({ first, last }) => first <= last && last <= 65_535) ? undefined : 'ports that are none';
};

const conntrack = (input: Uint8Array): string | undefined => {
  let worst: string | undefined;
  const { kind } = readConnections(input, ({ port }) => {
    if (!(port >= 0 && port <= 65_535)) worst = `port ${String(port)}`;
  });
  return worst ?? (['more', 'done', 'failed'].includes(kind) ? undefined : 'an answer of another kind');
};

const PLACE = present(parseSetPlace('inet filter allowed'));

const nftSet = (input: Uint8Array): string | undefined => {
  const read = readSet(PLACE, parseJson(textOf(input)), false);
  if (read.ok)
    return read.value.own.length + read.value.foreign.length > input.length ? 'more than there is' : undefined;
  return /^.{10,}$/s.test(read.error) ? undefined : 'a refusal that is no sentence';
};

const setPlace = (input: Uint8Array): string | undefined => {
  const place = parseSetPlace(textOf(input));
  if (place === undefined) return undefined;
  const again = parseSetPlace(formatSetPlace(place));
  return again !== undefined && formatSetPlace(again) === formatSetPlace(place)
    ? undefined
    : 'it reads as another place';
};

const ufwRules = (input: Uint8Array): string | undefined => {
  const text = textOf(input);
  const { isEnabled, hasIpv6 } = parseUfwSettings(text, text);
  const rules = [...parseUserRules(text, 4), ...parseUserRules(text, 6)];
  if (rules.some(({ comment }) => !comment.startsWith('spad ') || CONTROL.test(comment))) return 'a rule of others';
  return typeof isEnabled === typeof hasIpv6 ? undefined : 'settings of two kinds';
};

const firewalld = (input: Uint8Array): string | undefined => {
  const text = textOf(input);
  const strings = parseStrings(text);
  if (parseActiveZones(text).some((zone) => !strings.includes(zone))) return 'a zone that is not in the reply';
  const rules = strings.flatMap((rule) => parseRule('public', rule) ?? []);
  return rules.every((rule) => strings.includes(formatRule(rule))) ? undefined : 'it reads as another rule';
};

const lastFirewall = (input: Uint8Array): string | undefined => {
  const last = parseLastFirewall(textOf(input));
  if (last === undefined) return undefined;
  const again = parseLastFirewall(formatLastFirewall(last));
  return again !== undefined && formatLastFirewall(again) === formatLastFirewall(last)
    ? undefined
    : 'it reads as another one';
};

/** In the shape of the other targets. */
export const hostTargets = [
  { name: 'nft-ruleset', seeds: NFT.map(ascii), run: nftRuleset },
  { name: 'iptables-save', seeds: IPTABLES_SAVE.map(ascii), run: iptablesSave },
  { name: 'iptables-listing', seeds: IPTABLES_RULES.map(ascii), run: iptablesRules },
  { name: 'knock-rules', seeds: KNOCK_RULES.map(ascii), run: knockRules },
  { name: 'rule-command', seeds: RULE_COMMANDS.map(ascii), run: ruleCommand },
  { name: 'conntrack', seeds: CONNTRACK.map(hex), run: conntrack },
  { name: 'nft-set', seeds: NFT_SET.map(ascii), run: nftSet },
  { name: 'set-place', seeds: ['inet filter allowed', 'ip6 a b'].map(ascii), run: setPlace },
  { name: 'ufw-rules', seeds: UFW_RULES.map(ascii), run: ufwRules },
  { name: 'firewalld', seeds: FIREWALLD.map(ascii), run: firewalld },
  { name: 'last-firewall', seeds: ['nftables\n', 'nft-set inet f a, ip g b\n'].map(ascii), run: lastFirewall },
];
