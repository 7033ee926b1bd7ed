/**
 * What the firewall must show: openings. An opening is one address, one protocol, one port range, an end, and where its
 * connections go instead, if elsewhere.
 *
 * Grants may overlap (two clients behind one NAT, a range and a port inside it); a kernel's interval set may not. So the
 * ports of an address are cut where any grant begins or ends. Each piece goes where the newest live grant over it says,
 * for as long as that grant lives, and on without a gap while the one that is the newest then says the same. What an older
 * grant says otherwise comes to light when the newer one is gone ({@link layOpenings} anew).
 */
import { formatAddress, type IpAddress } from '../base/address.ts';
import { comparePortSpec, type PortSpec, type Protocol } from '../base/port-spec.ts';
import type { Port, SteadyMs } from '../base/units.ts';
import { type Forwarding, forwardingKey } from '../grant/forwarding.ts';
import type { Grant } from '../grant/grant.ts';

export interface Opening extends PortSpec {
  readonly address: IpAddress;
  readonly forwarding?: Forwarding | undefined;
  readonly ends: SteadyMs;
}

/** What turns one state of the firewall into the next: first `close`, then `open`, in one transaction. */
export interface FirewallChange {
  readonly close: readonly Opening[];
  readonly open: readonly Opening[];
}

/** Equal for openings that differ in their ends alone. */
export const openingKey = (opening: Opening): string =>
  `${formatAddress(opening.address)} ${opening.protocol}/${String(opening.first)}-${String(opening.last)} ${forwardingKey(opening.forwarding)}`;

/** Those that this host's own ports are opened by: what a firewall that cannot forward is to show. */
export const openingsHere = (openings: readonly Opening[]): readonly Opening[] =>
  openings.filter(({ forwarding }) => forwarding === undefined);

/** The disjoint openings, in canonical order, that `grants` (all of one address, the oldest first) come to. */
export const layOpenings = (grants: readonly Grant[]): Opening[] =>
  (['tcp', 'udp'] as const).flatMap((protocol) => layProtocol(grants, protocol)).sort(comparePortSpec);

type Span = Opening & { readonly place: string };

const layProtocol = (grants: readonly Grant[], protocol: Protocol): Opening[] => {
  const spans = grants.flatMap((grant) =>
    grant.ports
      .filter((spec) => spec.protocol === protocol)
      .map(({ first, last }): Span => ({ ...spanOf(grant), protocol, first, last })),
  );
  const edges = [...new Set(spans.flatMap((span) => [span.first, span.last + 1]))].sort((a, b) => a - b);
  const pieces: Span[] = [];
  for (const [index, first] of edges.entries()) {
    const over = spans.filter((span) => span.first <= first && first <= span.last);
    const next = edges[index + 1];
    const winner = newest(over);
    if (winner === undefined || next === undefined) continue;
    append(pieces, { ...winner, first: first as Port, last: (next - 1) as Port });
  }
  return pieces.map(({ place: _, ...opening }) => opening);
};

const spanOf = ({ address, ends, forwarding }: Grant): Pick<Span, 'address' | 'ends' | 'forwarding' | 'place'> => ({
  ...{ address, ends, place: forwardingKey(forwarding) },
  ...(forwarding === undefined ? {} : { forwarding }),
});

/** The last of them, as long as it and those that follow it in turn go to the same place. */
const newest = (over: readonly Span[]): Span | undefined => {
  let winner = over.at(-1);
  for (const older of over.toReversed()) {
    if (winner === undefined || older.ends <= winner.ends) continue;
    if (older.place !== winner.place) break;
    winner = older;
  }
  return winner;
};

/** Joins a piece to the one before it where they touch and are one. Ports that change are never a range. */
const append = (pieces: Span[], piece: Span): void => {
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
