/**
 * Doors as iptables rules with the match `recent` (xt_recent; iptables-extensions(8)), text for
 * `iptables-restore --noflush` or `ip6tables-restore --noflush`.
 *
 * The lists are those of the sets in nftables.ts: `began` (set at the first knock only, hence the total time), a stage
 * each, `open`. A list holds 100 sources unless the module was loaded with `ip_list_tot`; the oldest makes room. Matches
 * of one rule are tried from left to right, and `--remove` matches only who was on the list, so that one rule does a step.
 *
 * mangle PREROUTING comes after connection tracking and before DNAT: there knocks are counted and unknown sources are
 * dropped. An accept there would not help against a filter table that drops, so those who have knocked are accepted at
 * the head of filter INPUT, as the rule of a start command would have done.
 */
import { type Family, formatAddress, formatCidr } from '../../base/address.ts';
import type { PortSpec, Protocol } from '../../base/port-spec.ts';
import type { KnockStep, TcpFlags } from '../door.ts';
import { describeDoor, flagNames, headerLines } from './describe.ts';
import type { KernelDoor, KernelPlan } from './plan.ts';

/** The chain, in mangle and in filter, from which all others are reached; they begin with the same word. */
export const KNOCK_CHAIN = 'SPAD-KNOCK';

/** The tables, and in each the chain of others in which a rule leads to ours. Loading that twice would double it. */
const HOOKS = { mangle: 'PREROUTING', filter: 'INPUT' } as const;

export type KnockTable = keyof typeof HOOKS;

export const KNOCK_TABLES: readonly KnockTable[] = ['mangle', 'filter'];

const MULTIPORT_MAX = 15;
/** xt_recent: 199 bytes and a zero. */
const LIST_NAME_MAX = 190;

/** A chain and its rules, without `-A CHAIN`. */
interface Chain {
  readonly name: string;
  readonly rules: readonly string[];
}

/** The rules of one family. `hooked`: the tables in which a rule leads to our chains already, and is left alone. */
export const iptablesRules = (plan: KernelPlan, source: string, hooked: readonly KnockTable[] = []): string => {
  const program = plan.family === 4 ? 'iptables' : 'ip6tables';
  const head = headerLines(
    source,
    [plan],
    [
      `Load:    ${program}-restore --noflush FILE    (once; remove it before it is loaded anew)`,
      `Remove:  spad compile --to iptables --remove --family ${String(plan.family)}`,
      `Without: ${program} -t mangle -D PREROUTING -j ${KNOCK_CHAIN}; ${program} -D INPUT -j ${KNOCK_CHAIN}`,
    ],
  );
  const doors = plan.doors.map((door) => `# ${describeDoor(door)}`);
  const mangle = [
    entryChain(plan),
    ...plan.doors.flatMap((door) => doorChains(plan.family, door, plan.doors)),
    ...roadChains(plan),
  ];
  const lines = [
    ...head,
    ...doors,
    ...table('mangle', mangle, hooked),
    ...table('filter', [{ name: KNOCK_CHAIN, rules: openRules(plan, 'ACCEPT') }], hooked),
  ];
  return `${lines.join('\n')}\n`;
};

const table = (name: KnockTable, chains: readonly Chain[], hooked: readonly KnockTable[]): string[] => [
  `*${name}`,
  ...chains.map((chain) => `:${chain.name} - [0:0]`),
  ...(hooked.includes(name) ? [] : [`-I ${HOOKS[name]} 1 -j ${KNOCK_CHAIN}`]),
  ...chains.flatMap((chain) => chain.rules.map((rule) => `-A ${chain.name} ${rule}`)),
  'COMMIT',
];

const chainName = (...parts: readonly (string | number)[]): string => [KNOCK_CHAIN, ...parts].join('-');

/** The name says what the list opens: a list outlives its rules when others are loaded, and must not open another door. */
const listName = (family: Family, door: KernelDoor, what: string): string => {
  const ports = door.effect.kind === 'open' ? door.effect.ports.map(listPorts).join('_') : 'close';
  return `spad${String(family)}-${String(door.number)}-${what}-${ports}`.slice(0, LIST_NAME_MAX);
};

const listPorts = ({ protocol, first, last }: PortSpec): string =>
  `${protocol}${String(first)}${first === last ? '' : `to${String(last)}`}`;

const recent = (list: string, action: string): string => `-m recent ${action} --name ${list}`;

const began = (family: Family, door: KernelDoor): string =>
  recent(listName(family, door, 'began'), `--rcheck --seconds ${String(door.seqTimeout)}`);

const isOpen = (family: Family, door: KernelDoor): string => {
  const window = door.effect.kind === 'open' ? door.effect.window : undefined;
  const age = window === undefined ? '' : ` --seconds ${String(window)} --reap`;
  return recent(listName(family, door, 'open'), `--rcheck${age}`);
};

/** A list for each knock but the last. */
const stages = (family: Family, door: KernelDoor): string[] =>
  door.steps.slice(1).map((_, index) => listName(family, door, `stage${String(index + 1)}`));

const entryChain = (plan: KernelPlan): Chain => ({
  name: KNOCK_CHAIN,
  rules: ['-i lo -j RETURN', `-j ${chainName('WATCH')}`, `-m addrtype --dst-type LOCAL -j ${chainName('GUARD')}`].slice(
    0,
    plan.guarded.length === 0 ? 2 : 3,
  ),
});

/** Packet by packet: seen or not; then on with the attempts of its source, or else a new beginning. */
const roadChains = (plan: KernelPlan): Chain[] => {
  const { family, doors } = plan;
  const long = doors.filter((door) => door.steps.length > 1);
  const strict = long.filter((door) => door.strict);
  const foreign = strict.map((door) => `${toDoor(door)} -j ${chainName(door.number, 'STRICT')}`);
  return [
    {
      name: chainName('WATCH'),
      rules: [
        ...doors.flatMap((door) => fits(door).map((match) => `${match} -g ${chainName('SEEN')}`)),
        ...(strict.length === 0 ? [] : [`-m conntrack --ctstate NEW -j ${chainName('FOREIGN')}`]),
      ],
    },
    {
      name: chainName('SEEN'),
      rules: [
        ...long.map((door) => `${toDoor(door)} ${began(family, door)} -g ${chainName('ADVANCE')}`),
        `-g ${chainName('BEGIN')}`,
      ],
    },
    {
      name: chainName('ADVANCE'),
      rules: long.map((door) => `${toDoor(door)} ${began(family, door)} -j ${chainName(door.number)}`),
    },
    { name: chainName('BEGIN'), rules: doors.flatMap((door) => beginRules(family, door)) },
    ...(strict.length === 0 ? [] : [{ name: chainName('FOREIGN'), rules: foreign }]),
    { name: chainName('GUARD'), rules: guardRules(plan) },
  ];
};

const doorChains = (family: Family, door: KernelDoor, doors: readonly KernelDoor[]): Chain[] => {
  const chains: Chain[] = [];
  const { effect } = door;
  if (door.steps.length > 1) chains.push({ name: chainName(door.number), rules: advanceRules(family, door) });
  if (door.steps.length > 1 && door.strict)
    chains.push({
      name: chainName(door.number, 'STRICT'),
      rules: [
        ...knockMatches(door).map(({ match }) => `${match} -j RETURN`),
        ...(['tcp', 'udp'] as const).map((protocol) => `-p ${protocol} ${cancel(family, door)}`),
      ],
    });
  if (effect.kind === 'close') {
    const closed = doors.filter((other) => effect.doors.includes(other.number));
    const rules = closed.map((other) => recent(listName(family, other, 'open'), '--remove'));
    chains.push({ name: chainName(door.number, 'CLOSE'), rules });
  }
  return chains;
};

/**
 * What a knock does to an attempt: the last step first, lest one packet be taken for two. What is no step on ends the
 * attempt; a packet whose flags do not fit does nothing.
 */
const advanceRules = (family: Family, door: KernelDoor): string[] => {
  const lists = stages(family, door);
  const misfit = door.tcpFlags === undefined ? [] : [`-p tcp -m tcp ! ${flagsMatch(door.tcpFlags)} -j RETURN`];
  const steps = lists.map((list, index) => {
    const next = lists[index + 1];
    const forward =
      next === undefined
        ? `${cancel(family, door)} ${effectOf(family, door, 'last')}`
        : `${recent(next, '--set')} -j RETURN`;
    return `${stepMatch(door.steps[index + 1])} ${recent(list, '--remove')} ${forward}`;
  });
  return [...misfit, ...steps.reverse(), cancel(family, door)];
};

/** Ends an attempt; what it leaves in the stages goes when the next one begins. */
const cancel = (family: Family, door: KernelDoor): string => recent(listName(family, door, 'began'), '--remove');

/** What opens or closes. A re-knock refreshes the entry: a full window more. `last`: no other rule is to see the packet. */
const effectOf = (family: Family, door: KernelDoor, place: 'last' | 'more'): string => {
  if (door.effect.kind === 'close') return `${place === 'last' ? '-g' : '-j'} ${chainName(door.number, 'CLOSE')}`;
  return `${recent(listName(family, door, 'open'), '--set')}${place === 'last' ? ' -j RETURN' : ''}`;
};

/** The first knock. What an earlier attempt has left in later stages goes, lest it be taken for a knock of this one. */
const beginRules = (family: Family, door: KernelDoor): string[] => {
  const [first] = door.steps;
  const flags = first?.protocol === 'tcp' ? flagsOf(door) : '';
  const match = words(stepMatch(first), flags, audience(door));
  const [stage, ...later] = stages(family, door);
  if (stage === undefined) return [`${match} ${effectOf(family, door, 'more')}`];
  return [
    ...later.map((list) => `${match} ${recent(list, '--remove')}`),
    `${match} ${recent(listName(family, door, 'began'), '--set')} ${recent(stage, '--set')}`,
  ];
};

/** The packets that count for a door: whatever else comes is not even seen. */
const fits = (door: KernelDoor): string[] =>
  knockMatches(door).map(({ protocol, match }) =>
    words(match, protocol === 'tcp' ? flagsOf(door) : '', audience(door)),
  );

const knockMatches = (door: KernelDoor): { readonly protocol: Protocol; readonly match: string }[] =>
  (['tcp', 'udp'] as const).flatMap((protocol) => {
    const numbers = door.steps.filter((step) => step.protocol === protocol).map(({ port }) => port);
    const spans = [...new Set(numbers)].sort((a, b) => a - b).map((port) => ({ first: port, last: port }));
    return portMatches(protocol, spans).map((match) => ({ protocol, match }));
  });

const guardRules = (plan: KernelPlan): string[] => [
  '-m conntrack --ctstate ESTABLISHED,RELATED -j RETURN',
  ...openRules(plan, 'RETURN'),
  ...specMatches(plan.guarded).map((match) => `${match} -j DROP`),
];

const openRules = ({ family, doors }: KernelPlan, target: string): string[] =>
  doors.flatMap((door) =>
    door.effect.kind === 'close'
      ? []
      : specMatches(door.effect.ports).map((match) => `${match} ${isOpen(family, door)} -j ${target}`),
  );

const toDoor = (door: KernelDoor): string =>
  door.target === undefined ? '-m addrtype --dst-type LOCAL' : `-d ${formatAddress(door.target)}`;

/** Whose packets count as knocks: iptables makes a rule of each source. Who has begun has been looked at. */
const audience = (door: KernelDoor): string =>
  words(door.sources.length === 0 ? '' : `-s ${door.sources.map(formatCidr).join(',')}`, toDoor(door));

const stepMatch = (step: KnockStep | undefined): string =>
  step === undefined ? '' : `-p ${step.protocol} -m ${step.protocol} --dport ${String(step.port)}`;

const flagsOf = (door: KernelDoor): string =>
  door.tcpFlags === undefined ? '' : `-m tcp ${flagsMatch(door.tcpFlags)}`;

const flagsMatch = (flags: TcpFlags): string => {
  const [mask, value] = [flagNames(flags.mask), flagNames(flags.value)].map((names) => names.join(',').toUpperCase());
  return `--tcp-flags ${mask ?? ''} ${value === undefined || value === '' ? 'NONE' : value}`;
};

const specMatches = (ports: readonly PortSpec[]): string[] =>
  (['tcp', 'udp'] as const).flatMap((protocol) =>
    portMatches(
      protocol,
      ports.filter((spec) => spec.protocol === protocol),
    ),
  );

/** The match `multiport` takes 15 numbers, of which a range is two. */
const portMatches = (
  protocol: Protocol,
  spans: readonly { readonly first: number; readonly last: number }[],
): string[] => {
  const chunks: string[][] = [];
  let room = 0;
  for (const { first, last } of spans) {
    const weight = first === last ? 1 : 2;
    if (weight > room) {
      chunks.push([]);
      room = MULTIPORT_MAX;
    }
    room -= weight;
    chunks.at(-1)?.push(first === last ? String(first) : `${String(first)}:${String(last)}`);
  }
  return chunks.map((chunk) =>
    chunk.length === 1
      ? `-p ${protocol} -m ${protocol} --dport ${chunk.join()}`
      : `-p ${protocol} -m multiport --dports ${chunk.join(',')}`,
  );
};

const words = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ');
