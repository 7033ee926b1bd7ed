/**
 * Doors as an nftables ruleset (nft(8)): one table `inet spad_knock`. Rules take elements out of sets, which Linux can
 * since 5.4.
 *
 * Each door has, in each family, a set of the sources that have begun (`began`: an element is never refreshed, so that it
 * measures the time from the first knock), one set a stage (`stage1` …: who has come that far) and one of those to whom
 * it is open. All are bounded. A full set takes nobody new until elements run out: 65 535 forged first knocks keep others
 * from beginning for the length of the time limit; whoever has begun, or is in, is not harmed.
 *
 * Everything stands in prerouting after connection tracking (-200) and before DNAT (-100), as the daemon's guard does.
 */
import { type Family, formatAddress, formatCidr } from '../../base/address.ts';
import type { PortSpec, Protocol } from '../../base/port-spec.ts';
import type { KnockStep, TcpFlags } from '../door.ts';
import { describeDoor, flagNames, headerLines } from './describe.ts';
import type { KernelDoor, KernelPlan } from './plan.ts';

/** All that the rules are in; gone, nothing is left of them. */
export const KNOCK_TABLE = 'inet spad_knock';

const SET_SIZE = 65_535;
const PRIORITY = -150;

const families = {
  4: { protocol: 'ipv4', type: 'ipv4_addr', source: 'ip saddr', destination: 'ip daddr' },
  6: { protocol: 'ipv6', type: 'ipv6_addr', source: 'ip6 saddr', destination: 'ip6 daddr' },
} as const;

/** The ruleset as one script, which takes the place of an earlier one in one transaction. */
export const nftablesRules = (plans: readonly KernelPlan[], source: string): string => {
  const how = [
    'Load:    nft -f FILE    (again, too: it replaces what is there, and everyone has to knock anew)',
    `Remove:  nft delete table ${KNOCK_TABLE}`,
  ];
  const blocks = plans.flatMap((plan) => [
    ...plan.doors.flatMap((door) => [[`# ${describeDoor(door)}`], ...doorSets(plan.family, door)]),
    ...plan.doors.filter((door) => door.steps.length > 1).map((door) => doorChain(plan.family, door)),
    ...familyChains(plan),
  ]);
  const lines = [
    ...headerLines(source, plans, how),
    `add table ${KNOCK_TABLE}`,
    `delete table ${KNOCK_TABLE}`,
    `table ${KNOCK_TABLE} {`,
    ...[...blocks, guardChain(plans), baseChain(plans)].flatMap((block) => block.map((line) => `  ${line}`)),
    '}',
  ];
  return `${lines.join('\n')}\n`;
};

/** Takes the table away; no error where there is none. */
export const nftablesRemoval = (): string => `add table ${KNOCK_TABLE}\ndelete table ${KNOCK_TABLE}\n`;

const nameOf = (family: Family, door: KernelDoor | number, what: string): string =>
  `door${String(typeof door === 'number' ? door : door.number)}_v${String(family)}${what === '' ? '' : `_${what}`}`;

const block = (head: string, lines: readonly string[]): string[] => [
  `${head} {`,
  ...lines.map((line) => `  ${line}`),
  '}',
];

const doorSets = (family: Family, door: KernelDoor): string[][] => {
  const set = (what: string, lifetime: number | undefined): string[] =>
    block(`set ${nameOf(family, door, what)}`, [
      `type ${families[family].type}`,
      `size ${String(SET_SIZE)}`,
      lifetime === undefined ? 'flags dynamic' : 'flags dynamic, timeout',
      ...(lifetime === undefined ? [] : [`timeout ${String(lifetime)}s`]),
    ]);
  const stages = stageNames(door);
  return [
    ...(stages.length === 0 ? [] : ['began', ...stages]).map((what) => set(what, door.seqTimeout)),
    ...(door.effect.kind === 'open' ? [set('open', door.effect.window)] : []),
  ];
};

/** A set for each knock but the last. */
const stageNames = (door: KernelDoor): string[] => door.steps.slice(1).map((_, index) => `stage${String(index + 1)}`);

/** `verb @set { ip saddr }`, once for each set. */
const change = (verb: 'add' | 'update' | 'delete', family: Family, sets: readonly string[]): string =>
  sets.map((set) => `${verb} @${set} { ${families[family].source} }`).join(' ');

const doorChange = (
  verb: 'add' | 'update' | 'delete',
  family: Family,
  door: KernelDoor,
  whats: readonly string[],
): string =>
  change(
    verb,
    family,
    whats.map((what) => nameOf(family, door, what)),
  );

const has = (family: Family, door: KernelDoor, what: string): string =>
  `${families[family].source} @${nameOf(family, door, what)}`;

/** What opens or closes. A re-knock refreshes the element: a full window more. */
const effectOf = (family: Family, { effect, number }: KernelDoor): string =>
  effect.kind === 'open'
    ? change('update', family, [nameOf(family, number, 'open')])
    : change(
        'delete',
        family,
        effect.doors.map((other) => nameOf(family, other, 'open')),
      );

/**
 * What a knock does to an attempt: the last step first, lest one packet be taken for two. What is no step on ends the
 * attempt; a packet whose flags do not fit does nothing.
 */
const doorChain = (family: Family, door: KernelDoor): string[] => {
  const stages = stageNames(door);
  const misfit = door.tcpFlags === undefined ? [] : [`meta l4proto tcp ${flagsMatch(door.tcpFlags, '!=')} return`];
  const steps = stages.map((stage, index) => {
    const next = stages[index + 1];
    const forward =
      next === undefined
        ? `${doorChange('delete', family, door, [stage, 'began'])} ${effectOf(family, door)}`
        : `${doorChange('delete', family, door, [stage])} ${doorChange('add', family, door, [next])}`;
    return `${portMatch(door.steps[index + 1])} ${has(family, door, stage)} ${forward} return`;
  });
  return block(`chain ${nameOf(family, door, '')}`, [...misfit, ...steps.reverse(), cancel(family, door)]);
};

/** Ends an attempt. */
const cancel = (family: Family, door: KernelDoor): string =>
  doorChange('delete', family, door, ['began', ...stageNames(door)]);

/** The road of a packet in one family: seen or not; then on with the attempts of its source, or else a new beginning. */
const familyChains = (plan: KernelPlan): string[][] => {
  const { family, doors } = plan;
  const version = `v${String(family)}`;
  const long = doors.filter((door) => door.steps.length > 1);
  const strict = long.filter((door) => door.strict);
  return [
    block(
      `chain advance_${version}`,
      long.map((door) => `${destination(family, door)} ${has(family, door, 'began')} jump ${nameOf(family, door, '')}`),
    ),
    block(
      `chain begin_${version}`,
      doors.map((door) => beginRule(family, door)),
    ),
    block(`chain seen_${version}`, [
      ...long.map((door) => `${destination(family, door)} ${has(family, door, 'began')} goto advance_${version}`),
      `goto begin_${version}`,
    ]),
    ...(strict.length === 0
      ? []
      : [
          block(
            `chain foreign_${version}`,
            strict.flatMap((door) => strictRules(family, door)),
          ),
        ]),
    block(`chain watch_${version}`, [
      ...doors.flatMap((door) => fits(door).map((match) => `${match} ${audience(family, door)} goto seen_${version}`)),
      ...(strict.length === 0 ? [] : [`ct state new meta l4proto { tcp, udp } jump foreign_${version}`]),
    ]),
  ];
};

/** The first knock. What an earlier attempt has left in later stages goes, lest it be taken for a knock of this one. */
const beginRule = (family: Family, door: KernelDoor): string => {
  const [first] = door.steps;
  const [stage, ...later] = stageNames(door);
  const match = [portMatch(first), first?.protocol === 'tcp' ? flagsOf(door) : '', audience(family, door)];
  const work =
    stage === undefined
      ? [effectOf(family, door)]
      : [doorChange('delete', family, door, later), doorChange('add', family, door, ['began', stage])];
  return words(...match, ...work);
};

/** The packets that count for a door, one match a protocol: whatever else comes is not even seen. */
const fits = (door: KernelDoor): string[] =>
  (['tcp', 'udp'] as const).flatMap((protocol) => {
    const numbers = knockPorts(door, protocol);
    if (numbers.length === 0) return [];
    return [words(`${protocol} dport { ${numbers.join(', ')} }`, protocol === 'tcp' ? flagsOf(door) : '')];
  });

/** A new connection to a port that is none of the door's ends the attempt. */
const strictRules = (family: Family, door: KernelDoor): string[] =>
  (['tcp', 'udp'] as const).map((protocol) => {
    const numbers = knockPorts(door, protocol);
    const foreign =
      numbers.length === 0 ? `meta l4proto ${protocol}` : `${protocol} dport != { ${numbers.join(', ')} }`;
    return words(foreign, destination(family, door), cancel(family, door));
  });

const guardChain = (plans: readonly KernelPlan[]): string[] => {
  const protocols = ['tcp', 'udp'] as const;
  const open = plans.flatMap(({ family, doors }) =>
    doors.flatMap((door) =>
      protocols.flatMap((protocol) => {
        const ports = door.effect.kind === 'open' ? portSet(door.effect.ports, protocol) : undefined;
        return ports === undefined ? [] : [`${has(family, door, 'open')} ${ports} return`];
      }),
    ),
  );
  const shut = protocols.flatMap((protocol) => {
    const ports = portSet(plans[0]?.guarded ?? [], protocol);
    if (ports === undefined) return [];
    const [only, ...others] = plans;
    const where = others.length === 0 && only !== undefined ? `meta nfproto ${families[only.family].protocol} ` : '';
    return [`${where}${ports} counter drop`];
  });
  return block('chain guard', [
    'ct state established,related return',
    'fib daddr type != local return',
    ...open,
    ...shut,
  ]);
};

const baseChain = (plans: readonly KernelPlan[]): string[] =>
  block('chain prerouting', [
    `type filter hook prerouting priority ${String(PRIORITY)}; policy accept;`,
    'iif "lo" return',
    ...plans.map(({ family }) => `meta nfproto ${families[family].protocol} jump watch_v${String(family)}`),
    'jump guard',
  ]);

const destination = (family: Family, door: KernelDoor): string =>
  door.target === undefined ? 'fib daddr type local' : `${families[family].destination} ${formatAddress(door.target)}`;

/** Whose packets count as knocks. Who has begun has been looked at. */
const audience = (family: Family, door: KernelDoor): string =>
  words(
    door.sources.length === 0 ? '' : `${families[family].source} { ${door.sources.map(formatCidr).join(', ')} }`,
    destination(family, door),
  );

const portMatch = (step: KnockStep | undefined): string =>
  step === undefined ? '' : `${step.protocol} dport ${String(step.port)}`;

const flagsOf = (door: KernelDoor): string => (door.tcpFlags === undefined ? '' : flagsMatch(door.tcpFlags, '=='));

const flagsMatch = (flags: TcpFlags, comparison: '==' | '!='): string => {
  const [mask, value] = [flagNames(flags.mask), flagNames(flags.value)];
  return `tcp flags & (${mask.join(' | ')}) ${comparison} ${value.length === 0 ? '0x0' : value.join(' | ')}`;
};

const knockPorts = (door: KernelDoor, protocol: Protocol): number[] => {
  const numbers = door.steps.filter((step) => step.protocol === protocol).map(({ port }) => port);
  return [...new Set(numbers)].sort((a, b) => a - b);
};

const portSet = (ports: readonly PortSpec[], protocol: Protocol): string | undefined => {
  const texts = ports
    .filter((spec) => spec.protocol === protocol)
    .map(({ first, last }) => (first === last ? String(first) : `${String(first)}-${String(last)}`));
  return texts.length === 0 ? undefined : `${protocol} dport { ${texts.join(', ')} }`;
};

const words = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ');
