/** From options and profile to the request: pure, so that what is asked for can be tested without a network. */
import { Trouble } from '../keys/trouble.ts';
import { formatAddress, formatCidr, hostCidr, type IpAddress, isGloballyRoutable } from '../src/base/address.ts';
import { formatPortSpec, type PortSpec } from '../src/base/port-spec.ts';
import { printable } from '../src/base/printable.ts';
import { DEFAULT_SPA_PORT, formatDuration, type Port, type Seconds, seconds, type UnixMs } from '../src/base/units.ts';
import type { AllowChoice, Profile } from '../src/config/profile.ts';
import type { Secret } from '../src/crypto/secret.ts';
import { MAX_PORTS } from '../src/spa/native/layout.ts';
import type { Forward, SpaRequest } from '../src/spa/request.ts';
import { chooseFinding, type Finding } from './address/way.ts';
import type { ClientOptions } from './cli.ts';

/** All that one packet needs beside time, chance and the network. */
export interface Target {
  /** Where the packet goes: a host's name or address. */
  readonly host: string;
  readonly port: Port;
  /** The server's name, bound into the packet. */
  readonly server: string;
  readonly key: { readonly secret: Secret } | { readonly file: string };
  readonly type: 'open' | 'close';
  /** Canonical; none leaves the choice to the server. */
  readonly access: readonly PortSpec[];
  readonly forward: Forward | undefined;
  /** Undefined: this host's own address where that is public, else as `source`. */
  readonly allow: AllowChoice | undefined;
  /** What is to be found out first, in place of `allow`. */
  readonly finding: Finding;
  /** 0 leaves the choice to the server. */
  readonly openFor: Seconds;
  /** The port that `--wait` tries, and for how long. */
  readonly wait: { readonly port: Port; readonly limit: Seconds } | undefined;
  /** How long to wait for the server's answer; undefined: none is asked for. */
  readonly answerWithin: Seconds | undefined;
}

/** Time for three packets. */
const DEFAULT_TIMEOUT = seconds(5);

/**
 * Puts the command line over the profile.
 * @throws Trouble where something is missing or cannot be sent.
 */
export const chooseTarget = (options: ClientOptions, profile: Profile | undefined): Target => {
  const host = profileHost(options, profile);
  const server = options.server ?? profile?.server;
  const key = options.key ?? profile?.key;
  if (server === undefined)
    throw new Trouble("a key alone is not enough: give the server's name too, with --server NAME");
  if (key === undefined)
    throw new Trouble("the server's name alone is not enough: give the key too, with --key-file FILE");
  const access = options.access ?? profile?.access ?? [];
  if (access.length > MAX_PORTS) {
    throw new Trouble(`a packet asks for at most ${String(MAX_PORTS)} ports or ranges: send another for the rest`);
  }
  const answerWithin = options.noReply || profile?.reply === false ? undefined : (options.timeout ?? DEFAULT_TIMEOUT);
  const finding = chooseFinding(options, profile, answerWithin !== undefined);
  const isFound = finding.way !== undefined || finding.both;
  const allow = finding.way?.by === 'reply' ? 'source' : isFound ? undefined : (options.allow ?? profile?.allow);
  const forward = options.close ? undefined : (options.forward ?? profile?.forward);
  if (forward !== undefined) refuseMisfit(forward, access, allow, finding.both);
  return {
    ...{ host, server, key, access, forward, allow, finding, answerWithin },
    port: options.serverPort ?? profile?.port ?? DEFAULT_SPA_PORT,
    type: options.close ? 'close' : 'open',
    openFor: options.close ? seconds(0) : (options.openFor ?? profile?.openFor ?? seconds(0)),
    wait: options.wait === undefined ? undefined : { port: portToTry(access), limit: options.wait },
  };
};

/** HOST beats the profile's host only where -n named the profile; otherwise HOST may be the profile's name. */
const profileHost = (options: ClientOptions, profile: Profile | undefined): string => {
  const named = options.profile === undefined ? undefined : options.host;
  const host = named ?? profile?.host ?? options.host;
  if (host === undefined) throw new Trouble('name a HOST');
  return host;
};

/** What every server would refuse is better told here, where somebody reads it. */
const refuseMisfit = (
  forward: Forward,
  access: readonly PortSpec[],
  allow: AllowChoice | undefined,
  both: boolean,
): void => {
  const range = access.find((spec) => spec.first !== spec.last);
  if (range !== undefined) {
    throw new Trouble(
      `${formatPortSpec(range)} cannot be forwarded to one port: ask for each of its ports with a packet of its own`,
    );
  }
  if (forward.kind === 'local') return;
  if (both) throw new Trouble(`only one family can be forwarded to ${formatForward(forward)}: leave --both out`);
  if (allow === undefined || allow === 'source') return;
  const other = allow.find(({ address }) => address.family !== forward.address.family);
  if (other !== undefined) {
    const hosts = `${formatCidr(other)} cannot be forwarded to ${formatForward(forward)}`;
    throw new Trouble(`${hosts}: name addresses of one family, IPv4 or IPv6`);
  }
};

const formatForward = (forward: Forward): string => {
  if (forward.kind === 'local') return `port ${String(forward.port)} of the server`;
  const host = formatAddress(forward.address);
  return `${forward.address.family === 4 ? host : `[${host}]`}:${String(forward.port)}`;
};

const portToTry = (access: readonly PortSpec[]): Port => {
  const spec = access.find(({ protocol }) => protocol === 'tcp');
  if (spec !== undefined) return spec.first;
  throw new Trouble(
    access.length === 0
      ? '--wait needs to know a tcp port to try: name it with --access'
      : `--wait can only try tcp ports, and only ${formatPorts(access)} is asked for: leave --wait out`,
  );
};

/** Whose word the address of a request is, as it is told to the user. */
export type AddressOrigin = 'named' | 'found' | 'own' | 'source-asked' | 'source-instead';

export interface BuiltRequest {
  readonly request: SpaRequest;
  readonly origin: AddressOrigin;
}

/** The request for `target` at `now`; `localAddress` is this host's on the route to it. */
export const buildRequest = (target: Target, now: UnixMs, localAddress: IpAddress): BuiltRequest => {
  const { type, openFor, access: ports, forward } = target;
  const reply = target.answerWithin !== undefined;
  const [addresses, origin] = chooseAddresses(target, localAddress);
  return {
    request: { type, time: now, openFor, reply, addresses, ports, forward, command: '' },
    origin,
  };
};

const chooseAddresses = (
  { allow, finding }: Target,
  localAddress: IpAddress,
): readonly [SpaRequest['addresses'], AddressOrigin] => {
  if (allow === 'source') return [[], 'source-asked'];
  if (allow !== undefined) return [allow, finding.way === undefined && !finding.both ? 'named' : 'found'];
  return isGloballyRoutable(localAddress) ? [[hostCidr(localAddress)], 'own'] : [[], 'source-instead'];
};

/** What the packet says, as `gw1 to open tcp/22 for 203.0.113.9 (this host's address)`. */
export const describeRequest = ({ request, origin }: BuiltRequest, server: string, localAddress: IpAddress): string => {
  const whom = describeAddresses(request, origin, localAddress);
  const time = request.openFor === 0 ? '' : `, for ${formatDuration(request.openFor)}`;
  const where = request.forward === undefined ? '' : `, forwarded to ${formatForward(request.forward)}`;
  return `${printable(server)} to ${request.type} ${describePorts(request)} for ${whom}${where}${time}`;
};

export const describePorts = ({ ports, type }: SpaRequest): string => {
  if (ports.length > 0) return formatPorts(ports);
  return type === 'open' ? 'its default ports' : 'all that it has open';
};

const describeAddresses = (request: SpaRequest, origin: AddressOrigin, localAddress: IpAddress): string => {
  const named = request.addresses.map(formatCidr).join(' and ');
  switch (origin) {
    case 'named':
    case 'found':
      return named;
    case 'own':
      return `${named} (this host's address)`;
    case 'source-asked':
      return 'the address it sees';
    case 'source-instead':
      return `the address it sees (this host's, ${formatAddress(localAddress)}, is private)`;
  }
};

/** `tcp/22, tcp/443 and udp/53` */
export const formatPorts = (ports: readonly PortSpec[]): string => {
  const texts = ports.map(formatPortSpec);
  const last = texts.pop() ?? '';
  return texts.length === 0 ? last : `${texts.join(', ')} and ${last}`;
};
