/** What `spad init` proposes for this host, and the configuration that comes of the answers. */
import type { IpAddress } from '../base/address.ts';
import { formatPortSpec, type PortSpec } from '../base/port-spec.ts';
import { type Port, port } from '../base/units.ts';
import { type Connection, isLoopback } from '../control/connection.ts';
import type { HostFacts, Link, Listener } from './facts.ts';

/** The part of the facts that a proposal rests on. */
export type ProposalFacts = Pick<HostFacts, 'links' | 'routes' | 'listeners' | 'session'>;

/** A TCP port that waits for connections from elsewhere. */
export interface OpenPort {
  readonly port: PortSpec;
  readonly program: string | undefined;
}

const usable = (links: readonly Link[]): readonly Link[] => links.filter(({ isUp, isLoopback: own }) => isUp && !own);

/** The interface of the default route, of IPv4 first; where there is none, the only one that is up; else `any`. */
export const proposeInterface = ({ links, routes }: ProposalFacts): string => {
  const up = usable(links);
  const defaults = ([4, 6] as const).flatMap((family) =>
    routes.filter(({ to }) => to.prefix === 0 && to.address.family === family).map(({ link }) => link),
  );
  const facing = defaults.find((name) => up.some((link) => link.name === name));
  return facing ?? (up.length === 1 ? up[0]?.name : undefined) ?? 'any';
};

/** Those that somebody elsewhere could reach if no rule kept them away; by number, each once. */
export const openPorts = (listeners: readonly Listener[]): readonly OpenPort[] => {
  const found = new Map<Port, string | undefined>();
  for (const { protocol, address, port: number, program } of listeners) {
    const own = protocol === 'tcp' && !isLoopback(address) ? port(number) : undefined;
    if (own !== undefined) found.set(own, found.get(own) ?? program);
  }
  return [...found]
    .sort(([a], [b]) => a - b)
    .map(([own, program]) => ({ port: { protocol: 'tcp', first: own, last: own }, program }));
};

/** SSH is what spad is for: what sshd listens on, and what the operator is logged in through. */
export const proposeGuard = (open: readonly OpenPort[], session: Connection | undefined): readonly PortSpec[] =>
  open.filter(({ port, program }) => program === 'sshd' || port.first === session?.serverPort).map(({ port }) => port);

/** Where a client would send its packets: the address by which the operator has come in, else the interface's first. */
export const proposeHost = ({ links, session }: ProposalFacts, name: string): IpAddress | undefined => {
  if (session !== undefined && !isLoopback(session.server)) return session.server;
  const [link] = usable(links).filter((one) => name === 'any' || one.name === name);
  return link?.addresses.find(({ family }) => family === 4) ?? link?.addresses[0];
};

export interface FirstAnswers {
  readonly name: string;
  readonly interface: string;
  /** At least one. */
  readonly guard: readonly PortSpec[];
}

/** The `[spad]` section, ending with a newline. */
export const formatFirstSection = ({ name, interface: link, guard }: FirstAnswers): string =>
  [
    '# Written by "spad init"; spad.conf(5) explains every key.',
    '[spad]',
    `name = ${name}`,
    `interface = ${link}`,
    `guard = ${guard.map(formatPortSpec).join(', ')}`,
    '',
  ].join('\n');
