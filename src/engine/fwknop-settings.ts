/** The part of a receiver's settings that is about fwknop's clients (docs/process-model.md). */
import { type Cidr, formatCidr, parseCidr } from '../base/address.ts';
import { normalizePorts, type PortSpec } from '../base/port-spec.ts';
import { type Port, port } from '../base/units.ts';
import { decodeHex, encodeHex } from '../bytes/encoding.ts';
import type { SealKinds } from '../spa/fwknop/claim.ts';
import type { FwknopGateKeys } from '../spa/fwknop/gate.ts';
import type { HttpOptions } from '../spa/fwknop/http.ts';
import { FWKNOP_DIGESTS, type FwknopHmacKey } from '../spa/fwknop/key.ts';
import type { TrialKey } from '../spa/fwknop/trials.ts';
import { type FwknopClient, type FwknopPolicy, hmacKeysOf, hmacName } from './policy.ts';

/** On which ways texts of fwknop's are looked for. */
export interface FwknopTransports {
  /** Ports that they come to over UDP and TCP. UDP to the SPA port is always one, and all there is where sockets receive. */
  readonly ports: readonly PortSpec[];
  /** Whether a segment may be an HTTP request; undefined: none is looked into. */
  readonly http: HttpOptions | undefined;
  /** ICMP and ICMPv6 of any type, where packets are captured. */
  readonly icmp: boolean;
  /** A TCP port on which connections are taken, so that clients can send there; nothing is ever answered. */
  readonly tcpServer: Port | undefined;
}

/** UDP alone, as both programs have it unless told otherwise. */
export const UDP_ALONE: FwknopTransports = { ports: [], http: undefined, icmp: false, tcpServer: undefined };

export interface FwknopSettings {
  /** HMAC keys and sources; no key that reads or makes a packet. */
  readonly gate: FwknopGateKeys;
  readonly transports: FwknopTransports;
}

/** What a receiver needs to know of `policy`; undefined where no client is fwknop's. */
export const fwknopReceiverSettings = (
  policy: FwknopPolicy,
  transports: FwknopTransports,
): FwknopSettings | undefined => {
  if (policy.clients.length === 0) return undefined;
  const users = new Map<string, FwknopClient[]>();
  for (const client of policy.clients) {
    const name = client.hmac === undefined ? '' : hmacName(client.hmac);
    users.set(name, [...(users.get(name) ?? []), client]);
  }
  const keys = hmacKeysOf(policy).map((hmac) => ({ hmac, ...unionOf(users.get(hmacName(hmac)) ?? []) }));
  const unkeyed = users.get('');
  // What comes to a server's port is to be read, of course.
  const { tcpServer: server } = transports;
  const served: readonly PortSpec[] = server === undefined ? [] : [{ protocol: 'tcp', first: server, last: server }];
  const ports = normalizePorts([...transports.ports, ...served]);
  return {
    gate: { keys, unkeyed: unkeyed === undefined ? undefined : unionOf(unkeyed) },
    transports: { ...transports, ports },
  };
};

const unionOf = (clients: readonly FwknopClient[]): SealKinds & { readonly sources: readonly Cidr[] } => ({
  rijndael: clients.some(({ cipher }) => cipher !== undefined),
  gpg: clients.some(({ gpg }) => gpg !== undefined),
  sources: [...new Map(clients.flatMap(({ stanza }) => stanza.sources.map((one) => [formatCidr(one), one]))).values()],
});

interface EncodedKinds extends SealKinds {
  readonly sources: readonly string[];
}

/** What JSON can say of {@link FwknopSettings}. */
export interface EncodedFwknopSettings {
  readonly gate: {
    readonly keys: readonly (EncodedKinds & { readonly type: string; readonly key: string })[];
    readonly unkeyed?: EncodedKinds | undefined;
  };
  readonly transports: Omit<FwknopTransports, 'http' | 'tcpServer'> & {
    readonly http?: HttpOptions | undefined;
    readonly tcpServer?: number | undefined;
  };
}

export const encodeFwknopSettings = ({ gate, transports }: FwknopSettings): EncodedFwknopSettings => ({
  gate: {
    keys: gate.keys.map(({ hmac, ...kinds }) => ({ ...encodeKinds(kinds), type: hmac.type, key: encodeHex(hmac.key) })),
    unkeyed: gate.unkeyed === undefined ? undefined : encodeKinds(gate.unkeyed),
  },
  transports,
});

const encodeKinds = ({ rijndael, gpg, sources }: SealKinds & { readonly sources: readonly Cidr[] }): EncodedKinds => ({
  rijndael,
  gpg,
  sources: sources.map(formatCidr),
});

/** Undefined where `value` is not what {@link encodeFwknopSettings} gives. */
export const decodeFwknopSettings = (value: unknown): FwknopSettings | undefined => {
  if (!isRecord(value) || !isRecord(value['gate'])) return undefined;
  const { keys: list, unkeyed: rest } = value['gate'];
  const keys = Array.isArray(list) ? list.map(decodeKey) : [undefined];
  const unkeyed = rest === undefined ? undefined : decodeKinds(rest);
  const transports = decodeTransports(value['transports']);
  const whole = keys.filter((key) => key !== undefined);
  if (whole.length !== keys.length || transports === undefined) return undefined;
  if (rest !== undefined && unkeyed === undefined) return undefined;
  return { gate: { keys: whole, unkeyed }, transports };
};

const decodeKey = (value: unknown): TrialKey | undefined => {
  const kinds = decodeKinds(value);
  if (kinds === undefined || !isRecord(value) || typeof value['key'] !== 'string') return undefined;
  const type = FWKNOP_DIGESTS.find((name) => name === value['type']);
  const key = decodeHex(value['key']);
  if (type === undefined || key === undefined || key.length === 0) return undefined;
  const hmac: FwknopHmacKey = { type, key };
  return { hmac, ...kinds };
};

const decodeKinds = (value: unknown): (SealKinds & { readonly sources: readonly Cidr[] }) | undefined => {
  if (!isRecord(value)) return undefined;
  const { rijndael, gpg, sources } = value;
  if (typeof rijndael !== 'boolean' || typeof gpg !== 'boolean' || !Array.isArray(sources)) return undefined;
  const known = sources
    .map((text) => (typeof text === 'string' ? parseCidr(text) : undefined))
    .filter((cidr) => cidr !== undefined);
  return known.length === sources.length ? { rijndael, gpg, sources: known } : undefined;
};

const decodeTransports = (value: unknown): FwknopTransports | undefined => {
  if (!isRecord(value)) return undefined;
  const { ports: list, http, icmp, tcpServer } = value;
  const ports = Array.isArray(list) ? list.map(decodePorts) : [undefined];
  const known = ports.filter((spec) => spec !== undefined);
  const server = typeof tcpServer === 'number' ? port(tcpServer) : undefined;
  if (known.length !== ports.length || typeof icmp !== 'boolean') return undefined;
  if ((http !== undefined && !isHttpOptions(http)) || (tcpServer !== undefined && server === undefined))
    return undefined;
  return { ports: known, http, icmp, tcpServer: server };
};

const decodePorts = (value: unknown): PortSpec | undefined => {
  if (!isRecord(value)) return undefined;
  const { protocol, first, last } = value;
  if ((protocol !== 'tcp' && protocol !== 'udp') || typeof first !== 'number' || typeof last !== 'number')
    return undefined;
  const [from, to] = [port(first), port(last)];
  return from === undefined || to === undefined || from > to ? undefined : { protocol, first: from, last: to };
};

const isHttpOptions = (value: unknown): value is HttpOptions =>
  isRecord(value) && typeof value['anyUserAgent'] === 'boolean' && typeof value['forwardedFor'] === 'boolean';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
