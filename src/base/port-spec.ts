/** Ports as people write them, and the one canonical form of a set of them. */
import { type Port, parsePort } from './units.ts';

/** A transport protocol that a rule can name, by its keyword in the IANA registry. */
export type Protocol = 'tcp' | 'udp';

/** In an IP header (IANA). */
export const PROTOCOL_NUMBERS = { tcp: 6, udp: 17 } as const satisfies Record<Protocol, number>;

/** `tcp/22` or `tcp/8000-8010`: one protocol, first to last port, both included. */
export interface PortSpec {
  readonly protocol: Protocol;
  readonly first: Port;
  readonly last: Port;
}

export const parsePortSpec = (text: string): PortSpec | undefined => {
  const match = /^(tcp|udp)\/([0-9]+)(?:-([0-9]+))?$/.exec(text);
  if (match === null) return undefined;
  const first = parsePort(match[2] ?? '');
  const last = match[3] === undefined ? first : parsePort(match[3]);
  if (first === undefined || last === undefined || first > last) return undefined;
  return { protocol: match[1] === 'tcp' ? 'tcp' : 'udp', first, last };
};

export const formatPortSpec = (spec: PortSpec): string =>
  `${spec.protocol}/${String(spec.first)}${spec.first === spec.last ? '' : `-${String(spec.last)}`}`;

/** TCP before UDP (their numbers, 6 and 17), then by first port, then by last. */
export const comparePortSpec = (a: PortSpec, b: PortSpec): number =>
  a.protocol === b.protocol ? a.first - b.first || a.last - b.last : a.protocol === 'tcp' ? -1 : 1;

/** The one canonical list for a set of ports: ordered, and whatever overlaps or touches merged. */
export const normalizePorts = (specs: readonly PortSpec[]): PortSpec[] => {
  const merged: PortSpec[] = [];
  for (const spec of [...specs].sort(comparePortSpec)) {
    const previous = merged.at(-1);
    if (previous?.protocol === spec.protocol && spec.first <= previous.last + 1) {
      merged[merged.length - 1] = { ...previous, last: laterPort(spec.last, previous.last) };
    } else merged.push(spec);
  }
  return merged;
};

const laterPort = (a: Port, b: Port): Port => (a > b ? a : b);

/** Whether every port of `wanted` is in one of `allowed`, which must be canonical. */
export const coversPorts = (allowed: readonly PortSpec[], wanted: PortSpec): boolean =>
  allowed.some((spec) => spec.protocol === wanted.protocol && spec.first <= wanted.first && wanted.last <= spec.last);

/** Whether two lists mean the same ports; both must be canonical. */
export const samePorts = (a: readonly PortSpec[], b: readonly PortSpec[]): boolean =>
  a.length === b.length && a.every((spec, index) => b[index] !== undefined && comparePortSpec(spec, b[index]) === 0);

/** Whether two have a port in common. */
export const overlaps = (a: PortSpec, b: PortSpec): boolean =>
  a.protocol === b.protocol && a.first <= b.last && b.first <= a.last;

/** What is left of `ports` without those of `taken`. */
export const withoutPorts = (ports: readonly PortSpec[], taken: readonly PortSpec[]): readonly PortSpec[] =>
  taken.reduce<readonly PortSpec[]>((rest, gone) => rest.flatMap((spec) => cutOut(spec, gone)), ports);

const cutOut = (spec: PortSpec, gone: PortSpec): readonly PortSpec[] => {
  if (!overlaps(spec, gone)) return [spec];
  const before = spec.first < gone.first ? [{ ...spec, last: (gone.first - 1) as Port }] : [];
  const after = gone.last < spec.last ? [{ ...spec, first: (gone.last + 1) as Port }] : [];
  return [...before, ...after];
};
