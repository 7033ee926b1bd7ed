/** What listens, what is published, and what of it the guard does not see. */
import { formatAddress, type IpAddress } from '../base/address.ts';
import { coversPorts, formatPortSpec, type PortSpec, type Protocol } from '../base/port-spec.ts';
import { port as portNumber } from '../base/units.ts';
import type { HostFacts, Listener, Plan } from './facts.ts';
import type { Finding } from './finding.ts';
import { withGuard, withoutSpad } from './guard.ts';
import { listensOn, probeIn, type Road, roadsOf, strangerTo, surroundingsOf } from './roads.ts';
import { formatRef, type Ruleset } from './ruleset.ts';
import { type Fate, walkIn } from './walk.ts';

export const judgeServices = (facts: HostFacts, plan: Plan): readonly Finding[] => {
  if (facts.ruleset === undefined) return [];
  const bare = withoutSpad(facts.ruleset);
  const roads = roadsOf(facts, plan);
  const published = publishedPorts(bare);
  const ruleset = plan.guards ? withGuard(bare, plan.firewall, plan.guard) : bare;
  const look: Look = (spec) =>
    roads.flatMap((road) => {
      const from = strangerTo(bare, road.family, []);
      if (from === undefined) return [];
      return [{ road, fate: walkIn(ruleset, probeIn(road, from, spec.protocol, spec.first), surroundingsOf(facts)) }];
    });
  return [
    ...published
      .filter((spec) => !coversPorts(plan.guard, spec))
      .flatMap((spec) => judgePublished(spec, look(spec), plan)),
    ...judgeAllowed({ facts, plan, roads, published, look }),
  ];
};

interface Seen {
  readonly road: Road;
  readonly fate: Fate;
}

type Look = (spec: PortSpec) => readonly Seen[];

/** Ports that rules name and send elsewhere, so many of them at most; a range is known by its first. */
const MAX_PUBLISHED = 256;

const publishedPorts = (ruleset: Ruleset): readonly PortSpec[] => {
  const found = new Map<string, PortSpec>();
  for (const { steps } of ruleset.flatMap(({ rules }) => rules)) {
    if (!steps.some((step) => step.do === 'nat')) continue;
    for (const number of steps.flatMap(portsNamed)) {
      for (const spec of found.size < MAX_PUBLISHED ? specsAt(number) : []) found.set(formatPortSpec(spec), spec);
    }
  }
  return [...found.values()];
};

const portsNamed = (step: Ruleset[number]['rules'][number]['steps'][number]): readonly number[] => {
  if (step.do !== 'match' || step.negated) return [];
  const parts = step.elements.map((element) => element[step.fields.indexOf('dport')]);
  return parts.flatMap((part) => (part?.kind === 'span' ? [Number(part.from)] : []));
};

const specsAt = (number: number): readonly PortSpec[] => {
  const port = portNumber(number);
  const protocols: readonly Protocol[] = ['tcp', 'udp'];
  return port === undefined ? [] : protocols.map((protocol) => ({ protocol, first: port, last: port }));
};

const isOpen = (fate: Fate): fate is Extract<Fate, { kind: 'arrives' | 'forwarded' }> =>
  fate.kind === 'arrives' || fate.kind === 'forwarded';

const judgePublished = (spec: PortSpec, seen: readonly Seen[], plan: Plan): Finding[] => {
  const port = formatPortSpec(spec);
  const fate = seen.map((one) => one.fate).find((one) => isOpen(one) && one.translatedBy !== undefined);
  if (fate === undefined || !isOpen(fate) || fate.translatedBy === undefined) return [];
  const rule = formatRef(fate.translatedBy);
  const target = portNumber(fate.port);
  const inner = target && { protocol: spec.protocol, first: target, last: target };
  if (fate.kind === 'arrives' && inner !== undefined && coversPorts(plan.guard, inner)) {
    const message = `${formatPortSpec(inner)} is guarded, and open to everyone by way of ${port}: ${rule} leads there`;
    return [{ tag: 'way-around', severity: 'error', port, rule, message, cure: `add ${port} to "guard"` }];
  }
  const place = fate.kind === 'forwarded' ? placeOf(fate.to, fate.port) : `port ${String(fate.port)} of this host`;
  const message = `${port} is published and open to everyone: ${rule} sends it to ${place}`;
  const cure = `add ${port} to "guard" if only those with a grant are to reach it`;
  return [{ tag: 'published-unguarded', severity: 'warning', port, rule, message, cure }];
};

const placeOf = (address: IpAddress, port: number): string =>
  `${address.family === 6 ? `[${formatAddress(address)}]` : formatAddress(address)}:${String(port)}`;

interface Scene {
  readonly facts: HostFacts;
  readonly plan: Plan;
  readonly roads: readonly Road[];
  readonly published: readonly PortSpec[];
  readonly look: Look;
}

const judgeAllowed = (scene: Scene): Finding[] => {
  const { facts, plan, published } = scene;
  const done = new Set<string>();
  return plan.allowances.flatMap(({ name, ports, forwards }) =>
    (ports ?? []).flatMap((spec): Finding[] => {
      if (done.has(formatPortSpec(spec))) return [];
      done.add(formatPortSpec(spec));
      const here = facts.listeners.filter((listener) => isWithin(listener, spec));
      if (!coversPorts(plan.guard, spec)) return judgeUnguarded(name, here, scene);
      // Where its connections are sent elsewhere, nothing need listen here.
      const isSent = forwards || published.some(({ protocol, first: port }) => isWithin({ protocol, port }, spec));
      return isSent ? [] : judgeListening(name, formatPortSpec(spec), here, scene.roads);
    }),
  );
};

const isWithin = (one: { readonly protocol: Protocol; readonly port: number }, spec: PortSpec): boolean =>
  one.protocol === spec.protocol && spec.first <= one.port && one.port <= spec.last;

/** What the configuration warns of, where it is so here. */
const judgeUnguarded = (name: string, here: readonly Listener[], { plan, look }: Scene): Finding[] => {
  const listener = here.find((one) => !plan.guard.some((spec) => isWithin(one, spec)));
  const spec = listener && specsAt(listener.port).find(({ protocol }) => protocol === listener.protocol);
  if (listener === undefined || spec === undefined) return [];
  if (!look(spec).some(({ road, fate }) => fate.kind === 'arrives' && listensOn(listener, road.to))) return [];
  const port = formatPortSpec(spec);
  const message = `${programOf(listener)} listens on ${port}, which ${name} may ask for, and everyone can reach it without asking: it is not guarded`;
  return [{ tag: 'allowed-open', severity: 'warning', port, message, cure: `add ${port} to "guard"` }];
};

const programOf = ({ program }: Listener): string => program ?? 'a program';

const judgeListening = (name: string, port: string, here: readonly Listener[], roads: readonly Road[]): Finding[] => {
  const [first] = here;
  if (first === undefined) {
    const message = `nothing listens on ${port}, which ${name} may ask for: a grant would open a port with nobody behind it`;
    const cure = 'start the service, or correct "allow"';
    return [{ tag: 'nothing-listens', severity: 'warning', port, message, cure }];
  }
  const deaf = roads.filter(({ to }) => !here.some((listener) => listensOn(listener, to)));
  if (deaf.length === 0) return [];
  const where = [...new Set(deaf.map(({ to }) => formatAddress(to)))].join(', ');
  const isDeaf = deaf.length === roads.length;
  const message = `${programOf(first)} listens on ${port} at ${[...new Set(here.map(({ address }) => formatAddress(address)))].join(', ')}, not at ${where}: ${isDeaf ? 'a grant opens nothing' : 'clients that come there are refused'}`;
  const cure = `have it listen at ${where} as well, or leave it so`;
  return [{ tag: 'listens-elsewhere', severity: isDeaf ? 'warning' : 'note', port, message, cure }];
};
