/**
 * What the doors can see at all. knockd hands its kernel filter the ports, protocols, flags and destinations of its
 * doors, and whatever does not pass neither advances nor resets an attempt. The receiver uses the same watches to leave
 * out what a filter had to let through, so that it need not know doors or commands.
 */
import { type Family, formatAddress, type IpAddress, parseAddress } from '../base/address.ts';
import { type AddressKey, addressKey } from '../base/address-key.ts';
import type { Protocol } from '../base/port-spec.ts';
import { type Door, flagsFit, type TcpFlags } from './door.ts';

/** Ports that count under one condition. */
export interface Watch {
  readonly protocol: Protocol;
  /** 0 to 65535 each; undefined: every port, for a strict door. */
  readonly ports: readonly number[] | undefined;
  /** Undefined for UDP, and where a door names none. */
  readonly flags: TcpFlags | undefined;
  /** An address as text; undefined: the host's own. */
  readonly target: string | undefined;
}

/** Whether a door can be knocked at: it has a sequence, and a target that is an address if it has one. */
const isReachable = (door: Door): boolean =>
  door.steps.length > 0 && (door.target === undefined || door.targetAddress !== undefined);

/** `more` are further steps of a door that may come into force by themselves, as those of one-time files do. */
export const watchesOf = (doors: readonly Door[], more: (door: Door) => Door['steps'] = () => []): readonly Watch[] => {
  const merged = new Map<string, { watch: Watch; ports: Set<number> }>();
  const merge = (watch: Watch, ports: readonly number[]): void => {
    const key = JSON.stringify(watch);
    const entry = merged.get(key) ?? { watch, ports: new Set() };
    for (const port of ports) entry.ports.add(port);
    merged.set(key, entry);
  };
  for (const door of doors.filter(isReachable)) {
    for (const protocol of ['tcp', 'udp'] as const) {
      const steps = [...door.steps, ...more(door)].filter((step) => step.protocol === protocol);
      const flags = protocol === 'tcp' ? door.tcpFlags : undefined;
      const target = door.targetAddress === undefined ? undefined : formatAddress(door.targetAddress);
      const ports = steps.map(({ port }) => port);
      if (ports.length > 0) merge({ protocol, flags, target, ports: [] }, ports);
      if (door.strict) merge({ protocol, flags, target, ports: undefined }, []);
    }
  }
  return [...merged.values()].map(({ watch, ports }) => ({
    ...watch,
    ports: watch.ports === undefined ? undefined : [...ports].sort((a, b) => a - b),
  }));
};

/** The packet's parts that a watch looks at. */
export interface Seen {
  readonly protocol: Protocol;
  readonly port: number;
  readonly tcpFlags: number;
  readonly destination: AddressKey;
}

export class Sight {
  readonly #byPort = new Map<number, Watch[]>();
  readonly #anyPort: Watch[] = [];
  readonly #targets = new Map<Watch, AddressKey>();
  #local: ReadonlySet<AddressKey> = new Set();

  constructor(watches: readonly Watch[], local: readonly IpAddress[]) {
    this.setLocal(local);
    for (const watch of watches) {
      const target = watch.target === undefined ? undefined : parseAddress(watch.target);
      if (target !== undefined) this.#targets.set(watch, addressKey(target));
      if (watch.ports === undefined) this.#anyPort.push(watch);
      for (const port of watch.ports ?? []) {
        const key = portKey(watch.protocol, port);
        this.#byPort.set(key, [...(this.#byPort.get(key) ?? []), watch]);
      }
    }
  }

  /** The host's own addresses from now on. */
  setLocal(local: readonly IpAddress[]): void {
    this.#local = new Set(local.map(addressKey));
  }

  isLocal(destination: AddressKey): boolean {
    return this.#local.has(destination);
  }

  /** `door`: knockd's filter would let it through. `foreign`: it is a strict door alone that wants to know of it. */
  sees(seen: Seen): 'door' | 'foreign' | 'nothing' {
    const watches = this.#byPort.get(portKey(seen.protocol, seen.port));
    if (watches?.some((watch) => this.#fits(watch, seen)) === true) return 'door';
    const isForeign = this.#anyPort.some((watch) => watch.protocol === seen.protocol && this.#fits(watch, seen));
    return isForeign ? 'foreign' : 'nothing';
  }

  #fits(watch: Watch, seen: Seen): boolean {
    const isThere =
      watch.target === undefined ? this.#local.has(seen.destination) : this.#targets.get(watch) === seen.destination;
    return isThere && flagsFit(watch.flags, seen.tcpFlags);
  }
}

const portKey = (protocol: Protocol, port: number): number => (protocol === 'tcp' ? port : port | 0x1_0000);

/**
 * The kernel filter for the watches (pcap-filter(7)); undefined where nothing can be seen. It lets through a little too
 * much, never too little: packets with IPv6 extension headers, behind which a filter cannot look for a port. On `any` what
 * is forwarded to a target shows up twice, coming in and going out; elsewhere no direction is asked for, because libpcap
 * takes a new capture's first frames for outbound (see captureFilter).
 */
export const knockFilter = (
  watches: readonly Watch[],
  local: readonly IpAddress[],
  families: readonly Family[],
  device = '',
): string | undefined => {
  const branches = families.flatMap((family) => watches.flatMap((watch) => branchOf(watch, local, family)));
  if (branches.length === 0) return undefined;
  const doors = branches.join(' or ');
  return device === 'any' ? `inbound and (${doors})` : doors;
};

const branchOf = (watch: Watch, local: readonly IpAddress[], family: Family): string[] => {
  const target = watch.target === undefined ? undefined : parseAddress(watch.target);
  const hosts = (target === undefined ? local : [target]).filter((address) => address.family === family);
  if (hosts.length === 0) return [];
  const destination = hosts.map((address) => `dst host ${formatAddress(address)}`).join(' or ');
  const ports =
    watch.ports === undefined ? watch.protocol : `${watch.protocol} and (${portTerms(watch.ports).join(' or ')})`;
  const plain = `${ports}${flagTerm(watch.flags, family)}`;
  const either = family === 4 ? plain : `(${plain}) or ${EXTENDED}`;
  return [`((${destination}) and (${either}))`];
};

/** IPv6 next headers that come before a transport header (RFC 8200): hop-by-hop, routing, fragment, AH, options. */
const EXTENDED = '(ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 51 or ip6[6] = 60)';

/** Neighbouring ports as one range: shorter filters stay in the kernel, which takes 4096 instructions. */
const portTerms = (ports: readonly number[]): string[] => {
  const ranges: { first: number; last: number }[] = [];
  for (const port of ports) {
    const previous = ranges.at(-1);
    if (previous !== undefined && port <= previous.last + 1) previous.last = port;
    else ranges.push({ first: port, last: port });
  }
  return ranges.map(({ first, last }) =>
    first === last ? `dst port ${String(first)}` : `dst portrange ${String(first)}-${String(last)}`,
  );
};

const flagTerm = (flags: TcpFlags | undefined, family: Family): string => {
  if (flags === undefined) return '';
  const field = family === 4 ? 'tcp[13]' : 'ip6[53]';
  return ` and (${field} & ${String(flags.mask)} = ${String(flags.value)})`;
};
