/** The packets that are tried: from whom, to which of this host's addresses, and over which interfaces the world comes in. */
import {
  cidrContains,
  type Family,
  formatAddress,
  type IpAddress,
  isUnspecified,
  parseAddress,
} from '../base/address.ts';
import type { Protocol } from '../base/port-spec.ts';
import type { HostFacts, Plan } from './facts.ts';
import { numberOf, type Probe } from './packet.ts';
import type { Element, Ruleset } from './ruleset.ts';
import type { Surroundings } from './walk.ts';

/** One way in: an interface and an address of this host on it. */
export interface Road {
  readonly link: string;
  readonly family: Family;
  readonly to: IpAddress;
}

export const surroundingsOf = ({ links, routes }: HostFacts): Surroundings => ({
  local: links.flatMap(({ addresses }) => addresses),
  routes,
});

/** The interfaces that face the world: those with a default route and the one that is captured on; else all that are up. */
export const roadsOf = (facts: HostFacts, plan: Plan): readonly Road[] => {
  const facing = facts.links.filter(
    ({ name, isUp, isLoopback }) => isUp && !isLoopback && (name === plan.interface || hasDefault(facts, name)),
  );
  const links = facing.length > 0 ? facing : facts.links.filter(({ isUp, isLoopback }) => isUp && !isLoopback);
  return links.flatMap(({ name, addresses }) =>
    ([4, 6] as const).flatMap((family) => {
      const to = addresses.find((address) => address.family === family && !isLinkLocal(address));
      return to === undefined ? [] : [{ link: name, family, to }];
    }),
  );
};

/** Whether the default route of a family, or of either, goes through the interface. */
export const hasDefault = ({ routes }: HostFacts, link: string): boolean =>
  routes.some((route) => route.link === link && route.to.prefix === 0);

const isLinkLocal = ({ family, bytes }: IpAddress): boolean =>
  family === 6 && bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;

/** Of networks that are kept for documentation (RFC 5737, RFC 3849), then of large public ones. */
const STRANGERS = [
  ...['198.51.100.77', '203.0.113.77', '192.0.2.77', '8.8.4.77', '17.5.7.77', '91.198.174.77'],
  ...['2001:db8:7777::77', '2001:db8:8888::77', '2a00:1450:7777::77', '2600:9000:7777::77'],
].map(parseAddress);

/** An address that no rule names, where there is one; `among` are the networks that it must be of, none for any. */
export const strangerTo = (
  ruleset: Ruleset,
  family: Family,
  among: readonly { readonly address: IpAddress; readonly prefix: number }[],
): IpAddress | undefined => {
  const candidates = STRANGERS.filter((address) => address?.family === family).filter(
    (address) => address !== undefined,
  );
  const named = ruleset.flatMap(({ rules }) => rules.flatMap(({ steps }) => steps.flatMap(sourcesOf)));
  const isNamed = (address: IpAddress): boolean => {
    const number = numberOf(address);
    return named.some(([from, to]) => from <= number && number <= to);
  };
  const fitting = candidates.filter(
    (address) => among.length === 0 || among.some((cidr) => cidrContains(cidr, address)),
  );
  const inside = among.filter(({ address }) => address.family === family && !isUnspecified(address));
  return fitting.find((address) => !isNamed(address)) ?? fitting[0] ?? inside.map(firstHost)[0];
};

const firstHost = ({ address, prefix }: { readonly address: IpAddress; readonly prefix: number }): IpAddress => {
  if (prefix >= 8 * address.bytes.length - 1) return address;
  const bytes = Uint8Array.from(address.bytes);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + 1;
  return { family: address.family, bytes };
};

/** The ranges of sources that a step names, those of a whole family left out. */
const sourcesOf = (step: Ruleset[number]['rules'][number]['steps'][number]): (readonly [bigint, bigint])[] => {
  if (step.do !== 'match' && step.do !== 'look-up') return [];
  const at = step.fields.indexOf('saddr');
  if (at < 0) return [];
  const elements: readonly Element[] = step.do === 'match' ? step.elements : step.entries.map(({ element }) => element);
  return elements.flatMap((element) => {
    const part = element[at];
    return part?.kind === 'span' && part.from > 0n ? [[part.from, part.to] as const] : [];
  });
};

/** Any port that a program may send from. */
const FROM_PORT = 50_077;

export const probeIn = (
  { link, to }: Road,
  from: IpAddress,
  protocol: Protocol,
  port: number,
  state: Probe['state'] = 'new',
): Probe => ({
  ...{ state, protocol, from, to, fromPort: FROM_PORT, toPort: port, comesIn: link, goesOut: '' },
});

/** The answer to what {@link probeIn} has sent. */
export const probeOut = ({ link, to }: Road, from: IpAddress, protocol: Protocol, port: number): Probe => ({
  ...{ state: 'established', protocol, from: to, to: from, fromPort: port, toPort: FROM_PORT, comesIn: '' },
  goesOut: link,
});

/** Whether it can be this host's own address that is meant by `address` of a listener. */
export const listensOn = (
  listener: { readonly address: IpAddress; readonly takesBoth: boolean },
  own: IpAddress,
): boolean => {
  if (!isUnspecified(listener.address)) return formatAddress(listener.address) === formatAddress(own);
  return listener.address.family === own.family || (listener.address.family === 6 && listener.takesBoth);
};
