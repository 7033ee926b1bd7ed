/** Each guarded port: what becomes of a stranger, of somebody with a grant, and of a connection that stands. */
import { type Family, formatAddress, type IpAddress } from '../base/address.ts';
import { coversPorts, formatPortSpec, type PortSpec } from '../base/port-spec.ts';
import { port as portNumber } from '../base/units.ts';
import type { Allowance, HostFacts, Plan } from './facts.ts';
import type { Finding, FindingTag } from './finding.ts';
import { isGuardKnown, withGuard, withoutSpad } from './guard.ts';
import { listensOn, probeIn, probeOut, type Road, roadsOf, strangerTo, surroundingsOf } from './roads.ts';
import { formatRef, type RuleRef, type Ruleset } from './ruleset.ts';
import { type Fate, type Surroundings, walkIn, walkOut } from './walk.ts';

/** What becomes of new connections to one port, over one road: as things stand without spad, and with its guard. */
export interface PortPicture {
  readonly spec: PortSpec;
  readonly road: Road;
  /** Undefined where nothing listens there. */
  readonly program: string | undefined;
  readonly before: Fate;
  /** Undefined where what the firewall adds for a guard is not known here. */
  readonly guarded: Fate | undefined;
  /** Whether anybody may have a grant. */
  readonly mayAsk: boolean;
  /** Undefined where what the back-end does for a grant is not known here, or nobody may have one. */
  readonly granted: Fate | undefined;
  readonly established: Fate;
  readonly answer: Fate;
}

/** The ports of a range that are looked at: its first, and those that something listens on. */
const MAX_IN_RANGE = 8;

export const pictureOf = (facts: HostFacts, plan: Plan): readonly PortPicture[] => {
  if (facts.ruleset === undefined) return [];
  const bare = withoutSpad(facts.ruleset);
  const surroundings = surroundingsOf(facts);
  const specs = plan.guard.filter((spec) => !isSpaPort(spec, plan)).flatMap((spec) => single(spec, facts));
  return specs.flatMap((spec) =>
    roadsOf(facts, plan).flatMap((road) => {
      const from = strangerTo(bare, road.family, []);
      return from === undefined ? [] : [picturePort(spec, road, from, { facts, plan, bare, surroundings })];
    }),
  );
};

/** The SPA port is guarded so that nothing answers there, not to be opened. */
const isSpaPort = ({ protocol, first, last }: PortSpec, { spaPort }: Plan): boolean =>
  protocol === 'udp' && first === spaPort && last === spaPort;

const single = (spec: PortSpec, { listeners }: HostFacts): readonly PortSpec[] => {
  const heard = listeners
    .filter(({ protocol, port }) => protocol === spec.protocol && spec.first <= port && port <= spec.last)
    .map(({ port }) => port);
  return [...new Set([spec.first, ...heard])]
    .slice(0, MAX_IN_RANGE)
    .flatMap((number) => portNumber(number) ?? [])
    .map((port) => ({ protocol: spec.protocol, first: port, last: port }));
};

interface Scene {
  readonly facts: HostFacts;
  readonly plan: Plan;
  readonly bare: Ruleset;
  readonly surroundings: Surroundings;
}

const picturePort = (spec: PortSpec, road: Road, from: IpAddress, scene: Scene): PortPicture => {
  const { facts, plan, bare, surroundings } = scene;
  const isKnown = !plan.guards || isGuardKnown(plan.firewall);
  const guardedRules = plan.guards && isKnown ? withGuard(bare, plan.firewall, plan.guard) : bare;
  const look = (ruleset: Ruleset, state: 'new' | 'established', source = from): Fate =>
    walkIn(ruleset, probeIn(road, source, spec.protocol, spec.first, state), surroundings);
  const client = clientOf(bare, road.family, spec, plan.allowances);
  const granting = isGuardKnown(plan.firewall) && client !== undefined;
  return {
    ...{ spec, road },
    program: facts.listeners.find(
      (listener) => listener.protocol === spec.protocol && listener.port === spec.first && listensOn(listener, road.to),
    )?.program,
    before: look(bare, 'new'),
    guarded: isKnown ? look(guardedRules, 'new') : undefined,
    mayAsk: client !== undefined,
    granted: granting ? look(withGuard(bare, plan.firewall, plan.guard, client), 'new', client) : undefined,
    established: look(guardedRules, 'established', client),
    answer: walkOut(guardedRules, probeOut(road, client ?? from, spec.protocol, spec.first), surroundings),
  };
};

/** Somebody who may be granted the port. */
const clientOf = (
  ruleset: Ruleset,
  family: Family,
  spec: PortSpec,
  allowances: readonly Allowance[],
): IpAddress | undefined => {
  const fitting = allowances.filter(({ ports }) => ports === undefined || coversPorts(ports, spec));
  const sources = fitting.flatMap((allowance) => allowance.sources);
  return fitting.length === 0 ? undefined : strangerTo(ruleset, family, sources);
};

/** What is wrong with the guarded ports. */
export const judgePorts = (pictures: readonly PortPicture[], plan: Plan): readonly Finding[] => {
  const groups = new Map<string, PortPicture[]>();
  for (const picture of pictures) {
    const key = formatPortSpec(picture.spec);
    groups.set(key, [...(groups.get(key) ?? []), picture]);
  }
  return [...groups.values()].flatMap((group) => [
    ...judgeClosed(group, plan),
    ...judgeGrants(group),
    ...judgeConnections(group),
  ]);
};

const judgeClosed = (group: readonly PortPicture[], plan: Plan): Finding[] =>
  each(
    group,
    ({ guarded }) => guarded,
    (port, where, fate) => {
      switch (fate.kind) {
        case 'dropped':
          return undefined;
        case 'unsure': {
          // Where the guard is known it drops for sure, but for what may come before it.
          const rule = formatRef(fate.by);
          const message = `whether ${port} is closed${where} without a grant cannot be told: ${rule} depends on ${fate.doubt}`;
          return finding('cannot-tell', 'note', port, message, 'try it from outside, without a grant', rule);
        }
        case 'arrives':
        case 'forwarded': {
          const message = `${port} is open${where} to everyone, without a grant: no rule drops it`;
          const cure = `firewall = ${plan.firewall} closes nothing itself: drop ${port} by a rule of your own`;
          return finding('open-without-grant', 'error', port, message, cure);
        }
      }
    },
  );

const judgeGrants = (group: readonly PortPicture[]): Finding[] => {
  const works = group.filter(({ granted }) => granted?.kind === 'arrives' || granted?.kind === 'forwarded');
  return each(
    group,
    ({ granted }) => granted,
    (port, where, fate) => {
      if (fate.kind === 'arrives' || fate.kind === 'forwarded') return undefined;
      const rule = formatRef(fate.by);
      if (fate.kind === 'unsure') {
        const message = `whether a grant opens ${port}${where} cannot be told: ${rule} depends on ${fate.doubt}`;
        return finding('cannot-tell', 'note', port, message, 'try it with a grant', rule);
      }
      const verb = fate.rejects ? 'rejects' : 'drops';
      const cure = cureOf(port, fate.by);
      const open = works.map(({ road }) => `IPv${String(road.family)}`)[0];
      if (open !== undefined && where.includes('IPv')) {
        const message = `a grant opens ${port} over ${open} alone:${where} it stays closed, for ${rule} ${verb} it`;
        return finding('one-family-only', 'error', port, message, cure, rule);
      }
      const message = `a grant of ${port} would open nothing${where}: ${rule} ${verb} it anyway`;
      return finding('grant-useless', 'error', port, message, cure, rule);
    },
  );
};

/** What a grant of iptables overrules, one of nftables does not. */
const cureOf = (port: string, { table, chain }: RuleRef): string => {
  const accept = `accept ${port} before that; without a grant spad's guard keeps it closed`;
  const isInput = /^ip6? filter/.test(table) && chain !== 'FORWARD' && !chain.startsWith('DOCKER');
  return isInput ? `${accept}; or set firewall = iptables, whose grants come first` : accept;
};

/** Where no connection can begin, none can be cut. */
const canBegin = ({ granted, guarded, before }: PortPicture): boolean =>
  (granted ?? guarded ?? before).kind !== 'dropped';

const judgeConnections = (pictures: readonly PortPicture[]): Finding[] => {
  const group = pictures.filter(canBegin);
  return [...judgeStanding(group), ...judgeAnswers(group)];
};

const judgeStanding = (group: readonly PortPicture[]): Finding[] =>
  each(
    group,
    ({ established }) => established,
    (port, where, fate) => {
      if (fate.kind !== 'dropped') return undefined;
      const rule = formatRef(fate.untrackedBy ?? fate.by);
      if (fate.untrackedBy !== undefined) {
        const message = `connections to ${port} break${where} when their grant ends: ${rule} takes them out of connection tracking, so the guard cannot tell that they are established`;
        return finding('untracked', 'error', port, message, `leave ${port} out of notrack`, rule);
      }
      const message = `connections to ${port} would be cut${where}: ${rule} drops their packets, too`;
      const cure = 'accept established connections first: ct state established,related accept';
      return finding('established-dropped', 'error', port, message, cure, rule);
    },
  );

const judgeAnswers = (group: readonly PortPicture[]): Finding[] =>
  each(
    group,
    ({ answer }) => answer,
    (port, where, fate) => {
      if (fate.kind !== 'dropped') return undefined;
      const rule = formatRef(fate.by);
      const message = `${port} can be reached by nobody${where}: ${rule} drops the answers`;
      return finding('answer-dropped', 'error', port, message, 'let what this host answers out', rule);
    },
  );

/** Calls `judge` once for each distinct fate, with words for where it is so: none where it is so everywhere. */
const each = (
  group: readonly PortPicture[],
  fateOf: (picture: PortPicture) => Fate | undefined,
  judge: (port: string, where: string, fate: Fate) => Finding | undefined,
): Finding[] => {
  const fates = new Map<string, { readonly fate: Fate; readonly pictures: PortPicture[] }>();
  for (const picture of group) {
    const fate = fateOf(picture);
    if (fate === undefined) continue;
    const key = `${fate.kind} ${'by' in fate ? formatRef(fate.by) : 'translatedBy' in fate ? formatRef(fate.translatedBy) : ''}`;
    const held = fates.get(key) ?? { fate, pictures: [] };
    fates.set(key, held);
    held.pictures.push(picture);
  }
  return [...fates.values()].flatMap(({ fate, pictures }) => {
    const [first] = pictures;
    return first === undefined ? [] : (judge(formatPortSpec(first.spec), whereOf(pictures, group), fate) ?? []);
  });
};

const whereOf = (some: readonly PortPicture[], group: readonly PortPicture[]): string => {
  if (some.length === group.length) return '';
  const of = (pictures: readonly PortPicture[], what: (picture: PortPicture) => string): string[] => [
    ...new Set(pictures.map(what)),
  ];
  const families = of(some, ({ road }) => `IPv${String(road.family)}`);
  const links = of(some, ({ road }) => road.link);
  const over =
    families.length < of(group, ({ road }) => String(road.family)).length ? ` over ${families.join(', ')}` : '';
  const on = links.length < of(group, ({ road }) => road.link).length ? ` on ${links.join(', ')}` : '';
  return `${over}${on}` || ` at ${some.map(({ road }) => formatAddress(road.to)).join(', ')}`;
};

const finding = (
  tag: FindingTag,
  severity: Finding['severity'],
  port: string,
  message: string,
  cure: string,
  rule?: string,
): Finding => ({ tag, severity, port, message, cure, ...(rule === undefined ? {} : { rule }) });
