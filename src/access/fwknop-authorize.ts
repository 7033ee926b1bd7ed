/** Holds a genuine, fresh message of fwknop's against one stanza, in the order in which fwknopd does. */
import { canBeRemoteHost, type Cidr, cidrContains, type IpAddress, parseAddress } from '../base/address.ts';
import { coversPorts, normalizePorts, overlaps, type PortSpec } from '../base/port-spec.ts';
import { err, ok, type Result } from '../base/result.ts';
import { type Port, port, type Seconds, seconds, type UnixMs } from '../base/units.ts';
import type { Forwarding } from '../grant/forwarding.ts';
import type { FwknopMessage, FwknopType } from '../spa/fwknop/message.ts';
import type { FwknopPolicyRejection } from '../spa/rejection.ts';
import type { Authorized } from './authorize.ts';
import { type CycleUnit, planCycle } from './fwknop-cycle.ts';
import { MAX_ARGUMENTS, programOf, type ProgramRun, splitArguments } from './fwknop-program.ts';
import type { CommandCycle, FwknopStanza } from './fwknop-stanza.ts';

/** What a message comes to once the stanza has had its say. */
export type FwknopAuthorized =
  | Extract<Authorized, { kind: 'open' }>
  | { readonly kind: 'command'; readonly run: ProgramRun }
  | {
      readonly kind: 'cycle';
      readonly allow: IpAddress;
      readonly ports: readonly PortSpec[];
      readonly units: readonly CycleUnit[];
      readonly openFor: Seconds;
    }
  /** Nobody has looked this name up yet; with its addresses the question is to be asked again. */
  | { readonly kind: 'look-up'; readonly host: string };

/** What a name of a NAT request was found to mean; none where nobody knows it. */
export interface HostLookup {
  readonly host: string;
  readonly addresses: readonly IpAddress[];
}

/** What is known of the packet beside what it says. */
export interface PacketFacts {
  /** Where it came from. */
  readonly source: IpAddress;
  /** Where it was sent to; undefined where a socket received it. */
  readonly destination: IpAddress | undefined;
  /** X-Forwarded-For where it is to be believed: it stands for the source where the message names no address. */
  readonly forwardedFor: IpAddress | undefined;
  readonly lookups: readonly HostLookup[];
}

type Verdict = Result<FwknopAuthorized, FwknopPolicyRejection>;

export const authorizeFwknop = (
  message: FwknopMessage,
  facts: PacketFacts,
  stanza: FwknopStanza,
  now: UnixMs,
): Verdict => {
  if (!isIn(stanza.sources, facts.source)) return err('source-not-allowed');
  if (stanza.destinations !== undefined) {
    const { destination } = facts;
    if (destination === undefined || !isIn(stanza.destinations, destination)) return err('destination-not-allowed');
  }
  if (stanza.expires !== undefined && now >= stanza.expires) return err('stanza-expired');
  if (message.allow === undefined && stanza.requireAddress) return err('address-required');
  const allow = message.allow ?? facts.forwardedFor ?? facts.source;
  if (!canBeRemoteHost(allow)) return err('address-not-allowed');
  if (stanza.username !== undefined && message.user !== stanza.username) return err('username-mismatch');
  const nat = NAT_OF[message.type];
  if (nat !== undefined && !stanza.nat[nat]) return err('nat-not-allowed');
  if (message.type === 'command') return authorizeCommand(message.command, stanza);
  const ports = normalizePorts(message.ports);
  const refused = refusePorts(ports, stanza);
  if (refused !== undefined) return err(refused);
  if (stanza.cycle !== undefined) return ok(authorizeCycle(message, allow, facts, stanza, stanza.cycle));
  return authorizeOpen(message, allow, ports, facts, stanza);
};

/** The types that ask for NAT, and the switch that each needs. */
const NAT_OF: Readonly<Partial<Record<FwknopType, 'forward' | 'local'>>> = {
  'nat-access': 'forward',
  'timeout-nat-access': 'forward',
  'local-nat-access': 'local',
  'timeout-local-nat-access': 'local',
};

/** A stanza with a command cycle takes no commands, with fwknop either. */
const authorizeCommand = (command: string, { commands, cycle }: FwknopStanza): Verdict => {
  if (commands === undefined || cycle !== undefined) return err('command-not-allowed');
  const argv = splitArguments(command);
  if (argv.length === 0 || argv.length > MAX_ARGUMENTS) return err('bad-command');
  return ok({ kind: 'command', run: programOf(argv, commands) });
};

const refusePorts = (ports: readonly PortSpec[], stanza: FwknopStanza): FwknopPolicyRejection | undefined => {
  const { openPorts, restrictPorts } = stanza;
  if (restrictPorts.some((one) => ports.some((wanted) => overlaps(one, wanted)))) return 'port-restricted';
  if (openPorts === undefined) return undefined;
  const allowed = normalizePorts(openPorts);
  return ports.every((wanted) => coversPorts(allowed, wanted)) ? undefined : 'port-not-allowed';
};

/**
 * How long the client gets. The ceiling is for its wish and not for what the operator has set, as with fwknop; 0 is no wish.
 */
const lengthOf = (wish: Seconds | undefined, byDefault: Seconds, ceiling: Seconds): Seconds =>
  wish === undefined || wish === 0 ? byDefault : seconds(Math.min(wish, ceiling));

/** Ports and the ceiling are held here too; fwknopd 2.6.10 asks neither before it runs a command cycle. */
const authorizeCycle = (
  { time, timeout, ports }: FwknopMessage,
  allow: IpAddress,
  { source, destination }: PacketFacts,
  stanza: FwknopStanza,
  cycle: CommandCycle,
): FwknopAuthorized => {
  const openFor = lengthOf(timeout, cycle.timer, stanza.maxOpenFor);
  const units = planCycle(cycle, { allow, source, destination, ports, time, wait: openFor });
  return { kind: 'cycle', allow, ports: normalizePorts(ports), units, openFor };
};

const authorizeOpen = (
  message: FwknopMessage,
  allow: IpAddress,
  ports: readonly PortSpec[],
  facts: PacketFacts,
  stanza: FwknopStanza,
): Verdict => {
  const openFor = lengthOf(message.timeout, stanza.openFor, stanza.maxOpenFor);
  const open = { kind: 'open', addresses: [allow], ports, openFor } as const;
  const target = targetOf(message, allow, facts, stanza);
  if (target === undefined) return ok(open);
  if (!target.ok) return target;
  if ('host' in target.value) return ok({ kind: 'look-up', host: target.value.host });
  const { to, port: inner } = target.value;
  // Nothing says where the connections go then, so that they may be for this host: what was not asked for stays shut.
  if (stanza.nat.disableDnat) return ok(open);
  const forwarding: Forwarding = { to, port: inner, source: stanza.nat.source };
  if (!stanza.nat.forwardAll || to === undefined) return ok({ ...open, forwarding });
  return ok({ ...open, ports: ALL_PORTS, forwarding: { ...forwarding, port: undefined } });
};

const ALL_PORTS: readonly PortSpec[] = (['tcp', 'udp'] as const).flatMap((protocol) => {
  const [first, last] = [port(1), port(65_535)];
  return first === undefined || last === undefined ? [] : [{ protocol, first, last }];
});

type Target = { readonly to: IpAddress | undefined; readonly port: Port } | { readonly host: string };

/** Where the connections go; undefined: where they were going. */
const targetOf = (
  { type, nat }: FwknopMessage,
  allow: IpAddress,
  { lookups }: PacketFacts,
  stanza: FwknopStanza,
): Result<Target, FwknopPolicyRejection> | undefined => {
  const { forced, names } = stanza.nat;
  if (forced !== undefined) return chooseTarget([forced.to], forced.port, allow, undefined);
  if (nat === undefined) return undefined;
  // The client writes some address of ours; that of the interface is what redirecting takes.
  if (NAT_OF[type] === 'local') return ok({ to: undefined, port: nat.port });
  const address = parseAddress(nat.host);
  if (address !== undefined) return chooseTarget([address], nat.port, allow, stanza.nat.targets);
  if (!names) return err('nat-target-not-allowed');
  const lookup = lookups.find(({ host }) => host === nat.host);
  if (lookup === undefined) return ok({ host: nat.host });
  if (lookup.addresses.length === 0) return err('nat-target-unknown');
  return chooseTarget(lookup.addresses, nat.port, allow, stanza.nat.targets);
};

/** The first that can be reached from the client's family, and may be. */
const chooseTarget = (
  addresses: readonly IpAddress[],
  inner: Port,
  allow: IpAddress,
  targets: readonly Cidr[] | undefined,
): Result<Target, FwknopPolicyRejection> => {
  const to = addresses.find(
    (address) =>
      address.family === allow.family && canBeRemoteHost(address) && (targets === undefined || isIn(targets, address)),
  );
  return to === undefined ? err('nat-target-not-allowed') : ok({ to, port: inner });
};

const isIn = (networks: readonly Cidr[], address: IpAddress): boolean =>
  networks.some((cidr) => cidrContains(cidr, address));
