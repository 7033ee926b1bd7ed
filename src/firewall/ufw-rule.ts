/**
 * Rules of ufw (ufw(8)): as its command line takes them, as its files keep them, and as iptables then lists them.
 *
 * All of ours are `in on +`, which is every interface, and is what makes them differ from any rule that people write. They
 * must: where ufw has a rule for the same packets, be it `allow 22/tcp`, it takes "prepend deny 22/tcp" for that rule, says
 * "Skipping inserting existing rule" and leaves the port open. The comment is the other mark, and tells people the end.
 */
import type { Family } from '../base/address.ts';
import { formatAllowed } from '../base/allow-address.ts';
import type { PortSpec, Protocol } from '../base/port-spec.ts';
import type { SteadyMs, UnixMs } from '../base/units.ts';
import { decodeHex } from '../bytes/encoding.ts';
import type { Wanted } from './desired.ts';
import { openingsHere } from './opening.ts';

export interface UfwRule {
  readonly action: 'allow' | 'deny';
  readonly protocol: Protocol;
  /** As ufw writes them: `22,80,8000:8010`. */
  readonly ports: string;
  /** An address; undefined: everybody, and then ufw makes one rule for each family. */
  readonly source: string | undefined;
  readonly comment: string;
}

export interface WantedUfwRule extends UfwRule {
  readonly ends: SteadyMs | 'never';
}

/** Where a rule stands: ufw has a list for each family. */
export interface ShownUfwRule extends UfwRule {
  readonly family: Family;
}

/** Ports that a rule takes at most; a range counts as two (ufw and the multiport match of iptables). */
const MAX_PORTS = 15;

/** The rules that ought to be there, grants first. `commentTime` is the wall time for people of an end. */
export const wantedUfwRules = (
  { openings, guard, guardEnds }: Wanted,
  commentTime: (ends: SteadyMs) => UnixMs,
): readonly WantedUfwRule[] => {
  const until = (ends: SteadyMs): string => `until ${formatSecond(commentTime(ends))}`;
  const grants = new Map<string, { readonly rule: Omit<WantedUfwRule, 'ports'>; readonly specs: PortSpec[] }>();
  for (const opening of openingsHere(openings)) {
    const { protocol, ends } = opening;
    const source = formatAllowed(opening.address);
    const key = `${source} ${protocol} ${String(ends)}`;
    const rule = { action: 'allow', protocol, source, ends, comment: `spad ${until(ends)}` } as const;
    const grant = grants.get(key) ?? { rule, specs: [] };
    grants.set(key, grant);
    grant.specs.push(opening);
  }
  const ends: WantedUfwRule['ends'] = guardEnds ?? 'never';
  const comment = `spad guard${ends === 'never' ? '' : ` ${until(ends)}`}`;
  return [
    ...[...grants.values()].flatMap(({ rule, specs }) => packPorts(specs).map((ports) => ({ ...rule, ports }))),
    ...(['tcp', 'udp'] as const).flatMap((protocol) =>
      packPorts(guard.filter((spec) => spec.protocol === protocol)).map((ports) => ({
        ...{ action: 'deny' as const, protocol, ports, source: undefined, comment, ends },
      })),
    ),
  ];
};

/** A second is not cut off: what the comment says is no earlier than the end. */
const formatSecond = (time: UnixMs): string =>
  new Date(Math.ceil(time / 1000) * 1000).toISOString().replace('.000Z', 'Z');

/** As many rules as it takes, each with its ports in ascending order, which is how ufw keeps them. */
const packPorts = (specs: readonly PortSpec[]): readonly string[] => {
  const packs: { readonly texts: string[]; size: number }[] = [];
  for (const { first, last } of [...specs].sort((a, b) => a.first - b.first)) {
    const size = first === last ? 1 : 2;
    let pack = packs.at(-1);
    if (pack === undefined || pack.size + size > MAX_PORTS) {
      pack = { texts: [], size: 0 };
      packs.push(pack);
    }
    pack.texts.push(first === last ? String(first) : `${String(first)}:${String(last)}`);
    pack.size += size;
  }
  return packs.map(({ texts }) => texts.join(','));
};

/** What ufw tells rules apart by: all but the comment, and whether they allow or deny. */
export const ufwRuleKey = ({ action, protocol, ports, source }: UfwRule): string =>
  `${action} ${protocol} ${ports} ${source ?? 'any'}`;

const ruleWords = ({ action, protocol, ports, source, comment }: UfwRule): readonly string[] => [
  ...[action, 'in', 'on', '+', 'proto', protocol, 'from', source ?? 'any', 'to', 'any', 'port', ports],
  ...['comment', comment],
];

/** Puts a rule before all others. */
export const prependArgs = (rule: UfwRule): readonly string[] => ['prepend', ...ruleWords(rule)];
/** Gives a rule that is there another comment; one that is not there would be added behind all others. */
export const commentArgs = (rule: UfwRule): readonly string[] => ruleWords(rule);
/** Deletes the rule with this very comment; no error where there is none. */
export const deleteArgs = (rule: UfwRule): readonly string[] => ['delete', ...ruleWords(rule)];
/** Makes the kernel's rules those of the files again. */
export const RELOAD_ARGS: readonly string[] = ['reload'];

const TUPLE = /^### tuple ### (allow|deny) (tcp|udp) ([0-9,:]+) (\S+) any (\S+) in_\+ comment=([0-9a-f]+)$/;
const COMMENT = /^spad (?:guard|(?:guard )?until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)$/;

/** Our rules in the text of user.rules, or user6.rules, in their order. */
export const parseUserRules = (text: string, family: Family): readonly ShownUfwRule[] => {
  const anywhere = family === 4 ? '0.0.0.0/0' : '::/0';
  return text.split('\n').flatMap((line) => {
    const [, action, protocol, ports = '', target, from = '', hex = ''] = TUPLE.exec(line) ?? [];
    const comment = String.fromCharCode(...(decodeHex(hex) ?? []));
    if (target !== anywhere || !COMMENT.test(comment)) return [];
    return {
      ...{ action: action === 'allow' ? 'allow' : 'deny', protocol: protocol === 'tcp' ? 'tcp' : 'udp' },
      ...{ family, ports, comment, source: from === anywhere ? undefined : from },
    };
  });
};

export interface UfwSettings {
  /** "ufw enable" has been said. */
  readonly isEnabled: boolean;
  readonly hasIpv6: boolean;
}

/** Reads what matters of ufw.conf and of default/ufw. */
export const parseUfwSettings = (conf: string, defaults: string): UfwSettings => ({
  isEnabled: /^\s*ENABLED\s*=\s*"?yes"?\s*$/im.test(conf),
  hasIpv6: /^\s*IPV6\s*=\s*"?yes"?\s*$/im.test(defaults),
});

/** The chain that ufw makes of a family's list, as iptables(8) names it. */
export const userChain = (family: Family): string => (family === 4 ? 'ufw-user-input' : 'ufw6-user-input');

/** Whether `listing`, what "iptables -S" says of the chain, has these rules in this order; `-i +` it leaves out. */
export const listsInOrder = (listing: string, rules: readonly ShownUfwRule[]): boolean => {
  const lines = listing.split('\n');
  let from = 0;
  return rules.every((rule) => {
    const at = lines.indexOf(chainLine(rule), from);
    from = at + 1;
    return at >= 0;
  });
};

const chainLine = ({ family, action, protocol, ports, source }: ShownUfwRule): string => {
  const from = source === undefined ? '' : ` -s ${source}/${family === 4 ? '32' : '128'}`;
  const match = /[,:]/.test(ports) ? `-m multiport --dports ${ports}` : `-m ${protocol} --dport ${ports}`;
  return `-A ${userChain(family)}${from} -p ${protocol} ${match} -j ${action === 'allow' ? 'ACCEPT' : 'DROP'}`;
};
