/**
 * What the firewall must show: openings. An opening is one address, one protocol, one port range and an end.
 *
 * Grants may overlap (two clients behind one NAT, a range and a port inside it); a kernel's interval set may not. So the
 * ports of an address are cut where any grant begins or ends, and each piece lasts as long as the longest grant over it.
 */
import { formatAddress, type IpAddress } from '../base/address.ts';
import { comparePortSpec, type PortSpec, type Protocol } from '../base/port-spec.ts';
import { type Port, type SteadyMs, steadyMs } from '../base/units.ts';
import type { Grant } from '../grant/grant.ts';

export interface Opening extends PortSpec {
  readonly address: IpAddress;
  readonly ends: SteadyMs;
}

/** What turns one state of the firewall into the next: first `close`, then `open`, in one transaction. */
export interface FirewallChange {
  readonly close: readonly Opening[];
  readonly open: readonly Opening[];
}

export const openingKey = (opening: Opening): string =>
  `${formatAddress(opening.address)} ${opening.protocol}/${String(opening.first)}-${String(opening.last)}`;

/** The disjoint openings, in canonical order, that `grants` (all of one address) come to. */
export const layOpenings = (grants: readonly Grant[]): Opening[] =>
  (['tcp', 'udp'] as const).flatMap((protocol) => layProtocol(grants, protocol)).sort(comparePortSpec);

const layProtocol = (grants: readonly Grant[], protocol: Protocol): Opening[] => {
  const spans = grants.flatMap((grant) =>
    grant.ports
      .filter((spec) => spec.protocol === protocol)
      .map((spec) => ({ ...spec, ends: grant.ends, address: grant.address })),
  );
  const edges = [...new Set(spans.flatMap((span) => [span.first, span.last + 1]))].sort((a, b) => a - b);
  const openings: Opening[] = [];
  for (const [index, first] of edges.entries()) {
    const over = spans.filter((span) => span.first <= first && first <= span.last);
    const [any] = over;
    const next = edges[index + 1];
    if (any === undefined || next === undefined) continue;
    const ends = steadyMs(Math.max(...over.map((span) => span.ends)));
    append(openings, { address: any.address, protocol, first: first as Port, last: (next - 1) as Port, ends });
  }
  return openings;
};

/** Joins a piece to the one before it where they touch and end together. */
const append = (openings: Opening[], opening: Opening): void => {
  const previous = openings.at(-1);
  if (previous !== undefined && previous.last + 1 === opening.first && previous.ends === opening.ends) {
    openings[openings.length - 1] = { ...previous, last: opening.last };
  } else openings.push(opening);
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
