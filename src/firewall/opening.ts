/**
 * What the firewall must show: openings. An opening is one address (or one network), one protocol, one port range, an end, and where its
 * connections go instead, if elsewhere.
 *
 * Grants may overlap (two clients behind one NAT, a range and a port inside it); a kernel's interval set may not. So the
 * ports of an address are cut where any grant begins or ends. Each piece goes where the newest live grant over it says,
 * for as long as that grant lives, and on without a gap while the one that is the newest then says the same. What an older
 * grant says otherwise comes to light when the newer one is gone ({@link layOpenings} anew).
 */
import { type AllowAddress, formatAllowed } from '../base/allow-address.ts';
import { comparePortSpec, normalizePorts, overlaps, type PortSpec, type Protocol } from '../base/port-spec.ts';
import { type Port, type SteadyMs, steadyMs } from '../base/units.ts';
import { type Forwarding, forwardingKey } from '../grant/forwarding.ts';
import type { Grant } from '../grant/grant.ts';
import { type Span, Skyline } from './skyline.ts';

export interface Opening extends PortSpec {
  readonly address: AllowAddress;
  readonly forwarding?: Forwarding | undefined;
  /**
   * Opens nothing: until it ends, packets from the address to these ports, established connections' too, pass only while
   * another opening is there. Given to back-ends alone that can do it.
   */
  readonly cuts?: true;
  readonly ends: SteadyMs;
}

/** What turns one state of the firewall into the next: first `close`, then `open`, in one transaction. */
export interface FirewallChange {
  readonly close: readonly Opening[];
  readonly open: readonly Opening[];
}

/** Equal for openings that differ in their ends alone. */
export const openingKey = (opening: Opening): string =>
  `${formatAllowed(opening.address)} ${opening.protocol}/${String(opening.first)}-${String(opening.last)} ${forwardingKey(opening.forwarding)}${opening.cuts === true ? ' cuts' : ''}`;

/** Those that this host's own ports are opened by: what a firewall that cannot forward is to show. */
export const openingsHere = (openings: readonly Opening[]): readonly Opening[] =>
  openings.filter(({ forwarding }) => forwarding === undefined);

/** The disjoint openings, in canonical order, that `grants` (all of one address, the oldest first) come to. */
export const layOpenings = (grants: readonly Grant[]): Opening[] =>
  (['tcp', 'udp'] as const).flatMap((protocol) => layProtocol(grants, protocol)).sort(comparePortSpec);

type PortSpan = Opening & Span;

const layProtocol = (grants: readonly Grant[], protocol: Protocol): Opening[] => {
  const spans = grants.flatMap((grant) =>
    grant.ports
      .filter((spec) => spec.protocol === protocol)
      .map(({ first, last }): PortSpan => ({ ...spanOf(grant), protocol, first, last })),
  );
  // Nearly always: nothing to cut.
  if (spans.length < 2) return spans.map(openingOf);
  const edges = spans.flatMap((span, place) => [
    { port: span.first, place, span },
    { port: span.last + 1, place, span: undefined },
  ]);
  edges.sort((a, b) => a.port - b.port);
  const skyline = new Skyline<PortSpan>(spans.length);
  const pieces: PortSpan[] = [];
  for (const [index, { port, place, span }] of edges.entries()) {
    skyline.set(place, span);
    const next = edges[index + 1]?.port;
    if (next === undefined || next === port) continue;
    const winner = skyline.winner();
    if (winner !== undefined) append(pieces, { ...winner, first: port as Port, last: (next - 1) as Port });
  }
  return pieces.map(openingOf);
};

const openingOf = ({ place: _, ...opening }: PortSpan): Opening => opening;

const spanOf = ({ address, ends, forwarding }: Grant): Pick<PortSpan, 'address' | 'ends' | 'forwarding' | 'place'> => ({
  ...{ address, ends, place: forwardingKey(forwarding) },
  ...(forwarding === undefined ? {} : { forwarding }),
});

/** Joins a piece to the one before it where they touch and are one. Ports that change are never a range. */
const append = (pieces: PortSpan[], piece: PortSpan): void => {
  const previous = pieces.at(-1);
  const touches = previous !== undefined && previous.last + 1 === piece.first && previous.ends === piece.ends;
  if (touches && previous.place === piece.place && piece.forwarding?.port === undefined) {
    pieces[pieces.length - 1] = { ...previous, last: piece.last };
  } else pieces.push(piece);
};

/** The change from one list of openings to another; both disjoint in themselves. */
export const changeBetween = (before: readonly Opening[], after: readonly Opening[]): FirewallChange => {
  const wanted = new Map(after.map((opening) => [openingKey(opening), opening]));
  const held = new Map(before.map((opening) => [openingKey(opening), opening]));
  return {
    close: before.filter((opening) => !wanted.has(openingKey(opening))),
    open: after.filter((opening) => held.get(openingKey(opening))?.ends !== opening.ends),
  };
};

/** What the firewall has to show for an address follows from these grants of it. */
export interface AddressGrants {
  /** The oldest first. */
  readonly live: readonly Grant[];
  /** Those whose connections are cut, or are to be when they end. */
  readonly cutting: readonly Grant[];
}

/**
 * How long after a grant's end its connections stay cut. Nobody's connection waits that long for an answer, and by default
 * the kernel itself forgets then a TCP connection that has been silent (nf_conntrack_tcp_timeout_established).
 */
export const CUT_FOR_MS = 5 * 86_400_000;

/** The openings, and beside them what cuts: each kind disjoint in itself. */
export const layAddress = ({ live, cutting }: AddressGrants): Opening[] => [
  ...layOpenings(live),
  ...layOpenings(cutting.map(afterEnd)).map((opening): Opening => ({ ...opening, cuts: true })),
];

const afterEnd = ({ forwarding: _, ...grant }: Grant): Grant => ({
  ...grant,
  ends: steadyMs(grant.ends + CUT_FOR_MS),
});

/** Pairs of ports that are compared one by one; for more, sorting them first is cheaper. */
const MAX_COMPARED = 4096;

/**
 * What the change from some grants of an address to others comes to, where they differ in `ports` at most: laid anew is
 * only what hangs together with these ports, for an address may have a thousand grants.
 */
export const changeOfGrants = (
  before: AddressGrants,
  after: AddressGrants,
  ports: readonly PortSpec[],
): FirewallChange => {
  const touched = ({ ports: own }: Grant): boolean => own.some((spec) => ports.some((one) => overlaps(spec, one)));
  if (standAlone([...before.live, ...before.cutting, ...after.live, ...after.cutting], touched)) {
    const near = ({ live, cutting }: AddressGrants): AddressGrants => ({
      live: live.filter(touched),
      cutting: cutting.filter(touched),
    });
    return changeBetween(layAddress(near(before)), layAddress(near(after)));
  }
  return changeOfClusters(before, after, ports);
};

/**
 * Whether the grants that are `touched` hang together with no other: none has a port of theirs, and none that ends with one
 * of them is next to it, for such openings are joined. False, too, where finding out would take long.
 */
const standAlone = (grants: readonly Grant[], touched: (grant: Grant) => boolean): boolean => {
  const spans = (list: readonly Grant[]): Held[] =>
    list.flatMap(({ ports, ends }) => ports.map((spec) => ({ spec, ends })));
  const own = spans(grants.filter(touched));
  const others = spans(grants.filter((grant) => !touched(grant)));
  if (own.length * others.length > MAX_COMPARED) return false;
  return others.every((other) => own.every((one) => !hangTogether(one, other)));
};

interface Held {
  readonly spec: PortSpec;
  readonly ends: SteadyMs;
}

const hangTogether = ({ spec: a, ends }: Held, { spec: b, ends: other }: Held): boolean =>
  overlaps(a, b) || (ends === other && a.protocol === b.protocol && (a.last + 1 === b.first || b.last + 1 === a.first));

const changeOfClusters = (before: AddressGrants, after: AddressGrants, ports: readonly PortSpec[]): FirewallChange => {
  const all = normalizePorts([...[...after.live, ...after.cutting].flatMap((grant) => grant.ports), ...ports]);
  const clusters = all.filter((spec) => ports.some((one) => overlaps(spec, one)));
  const within = (grants: readonly Grant[]): readonly Grant[] =>
    clusters.length === all.length
      ? grants
      : grants.flatMap((grant) => {
          const inside = grant.ports.filter((spec) => clusters.some((one) => overlaps(spec, one)));
          return inside.length === 0 ? [] : [{ ...grant, ports: inside }];
        });
  const near = ({ live, cutting }: AddressGrants): AddressGrants => ({ live: within(live), cutting: within(cutting) });
  return changeBetween(layAddress(near(before)), layAddress(near(after)));
};
