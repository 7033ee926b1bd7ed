/** The settings of one run as typed values, from the texts of options and .fwknoprc. */
import { Trouble } from '../../keys/trouble.ts';
import { type IpAddress, parseAddress } from '../../src/base/address.ts';
import type { PortSpec } from '../../src/base/port-spec.ts';
import { printable } from '../../src/base/printable.ts';
import { DEFAULT_SPA_PORT, parsePort, type Port, type Seconds, seconds } from '../../src/base/units.ts';
import { FWKNOP_DIGESTS, FWKNOP_MODES, type FwknopDigest, type FwknopMode } from '../../src/spa/fwknop/key.ts';
import { MAX_TIMEOUT } from '../../src/spa/fwknop/layout.ts';
import { isNatHost, parseAccessPort } from '../../src/spa/fwknop/syntax.ts';
import type { Given, GivenOptions } from './command-line.ts';
import type { OptionName } from './options.ts';

export const TRANSPORTS = ['udp', 'tcp', 'http', 'udpraw', 'tcpraw', 'icmp'] as const;

export type Transport = (typeof TRANSPORTS)[number];

/** A host that requests are forwarded to; without a port, the first one that is asked for. */
export interface NatWish {
  readonly host: string;
  readonly port: Port | undefined;
}

export interface FwknopSettings {
  readonly destination: string | undefined;
  readonly ports: readonly PortSpec[];
  /** Undefined: nothing was said, which is an error unless in a test. */
  readonly allow: IpAddress | 'source' | 'resolve' | undefined;
  readonly command: string | undefined;
  readonly nat: NatWish | undefined;
  readonly natLocal: boolean;
  /** The outer port of a forwarding; `random` is drawn anew each time. */
  readonly natPort: Port | 'random' | undefined;
  /** 0: the server's choice. */
  readonly timeout: Seconds;
  /** Seconds to add to the clock. */
  readonly timeOffset: number;
  readonly user: string | undefined;
  readonly digest: FwknopDigest;
  readonly mode: FwknopMode | 'asymmetric';
  /** Undefined where no HMAC is asked for; a key asks for one. */
  readonly hmacDigest: FwknopDigest | undefined;
  readonly transport: Transport;
  readonly serverPort: Port | 'random';
  readonly sourcePort: Port | undefined;
  readonly spoofSource: IpAddress | undefined;
  readonly icmp: { readonly type: number; readonly code: number };
  readonly proxy: { readonly host: string; readonly port: Port } | undefined;
  readonly test: boolean;
  /** A server that is spad: what only fwknopd cannot read is sent. */
  readonly toSpad: boolean;
}

type Reader<T> = (text: string) => T | undefined;

/** The value of an option; throws Trouble where `parse` gives undefined, with `right` for what would be right. */
const read = <T>(options: GivenOptions, name: OptionName, parse: Reader<T>, right: string): T | undefined => {
  const given = options.get(name);
  if (given === undefined) return undefined;
  return parse(given.text) ?? refuse(given, right);
};

const refuse = ({ text, where }: Given, right: string): never => {
  throw new Trouble(`${where} ${printable(text, 60)}: ${right}`, 1);
};

/** @throws Trouble (exit code 1) for the first value that is wrong, or that does not go with another one. */
export const readSettings = (options: GivenOptions): FwknopSettings => {
  const transport = readTransport(options);
  const settings: FwknopSettings = {
    ...readRequest(options),
    ...readAlgorithms(options),
    ...{ transport, proxy: readProxy(options) },
    serverPort: options.has('rand-port')
      ? 'random'
      : (read(options, 'server-port', parsePort, PORT) ?? DEFAULT_SPA_PORT),
    sourcePort: read(options, 'source-port', parsePort, PORT),
    spoofSource: read(options, 'spoof-source', ipv4, 'the address to send from is an IPv4 address'),
    icmp: {
      type: read(options, 'icmp-type', numberUpTo(40), 'an ICMP type is 0 to 40') ?? 0,
      code: read(options, 'icmp-code', numberUpTo(15), 'an ICMP code is 0 to 15') ?? 0,
    },
    test: options.has('test'),
    toSpad: options.has('to-spad'),
  };
  if (settings.spoofSource !== undefined && !['udpraw', 'tcpraw', 'icmp'].includes(transport)) {
    throw new Trouble('to send from another address (-Q), add -P udpraw, -P tcpraw or -P icmp', 1);
  }
  return settings;
};

const PORT = 'a port is 1 to 65535';

const readRequest = (options: GivenOptions) =>
  ({
    destination: options.get('destination')?.text || undefined,
    ports: read(options, 'access', accessPorts, ACCESS) ?? [],
    allow: options.has('source-ip')
      ? 'source'
      : options.has('resolve-ip-https')
        ? 'resolve'
        : read(options, 'allow-ip', addressToAllow, 'give the address of one host, such as 203.0.113.9'),
    command: options.get('server-cmd')?.text || undefined,
    nat: readNat(options.get('nat-access')),
    natLocal: options.has('nat-local'),
    natPort: options.has('nat-rand-port') ? 'random' : read(options, 'nat-port', parsePort, PORT),
    timeout: read(options, 'fw-timeout', timeoutSeconds, TIMEOUT) ?? seconds(0),
    timeOffset:
      read(options, 'time-offset-plus', offsetSeconds, OFFSET) ??
      -(read(options, 'time-offset-minus', offsetSeconds, OFFSET) ?? 0),
    user: options.get('spoof-user')?.text || undefined,
  }) as const;

const ACCESS = 'name each port with its protocol, such as tcp/22,udp/53; fwknop knows no ranges';
const TIMEOUT = `a time is 0 to ${String(MAX_TIMEOUT)} seconds; servers refuse a longer one, so ask again when it has run out`;
const OFFSET = 'a time is a number with s, m, h or d behind it, such as 60s or 2days';

const readAlgorithms = (options: GivenOptions) => {
  const isHmac = options.has('use-hmac') || HMAC_KEYS.some((name) => options.has(name));
  const hmacDigest = read(options, 'hmac-digest-type', digest, DIGESTS) ?? (isHmac ? 'sha256' : undefined);
  const isGpg = options.has('gpg-encryption') || options.has('gpg-recipient-key') || options.has('gpg-signer-key');
  const named = read(options, 'encryption-mode', mode, `a mode is one of ${FWKNOP_MODES.join(', ')} and asymmetric`);
  return {
    digest: read(options, 'digest-type', digest, DIGESTS) ?? 'sha256',
    mode: isGpg ? 'asymmetric' : (named ?? 'cbc'),
    hmacDigest,
  } as const;
};

const HMAC_KEYS = ['key-hmac', 'key-base64-hmac', 'get-hmac-key'] as const;
const DIGESTS = `a digest is one of ${FWKNOP_DIGESTS.join(', ')}`;

const digest: Reader<FwknopDigest> = (text) => FWKNOP_DIGESTS.find((name) => name === text.toLowerCase());

const mode: Reader<FwknopMode | 'asymmetric'> = (text) =>
  ([...FWKNOP_MODES, 'asymmetric'] as const).find((name) => name === text.toLowerCase());

const readTransport = (options: GivenOptions): Transport => {
  const named = read(
    options,
    'server-proto',
    (text) => TRANSPORTS.find((name) => name === text.toLowerCase()),
    `a packet goes by one of ${TRANSPORTS.join(', ')}`,
  );
  if (!options.has('http-proxy')) return named ?? 'udp';
  if (named !== undefined && named !== 'http') throw new Trouble('a proxy (-H) takes HTTP alone: leave -P out', 1);
  return 'http';
};

const readProxy = (options: GivenOptions) => {
  const parse = (text: string) => {
    const [, host = '', digits] = /^(?:http:\/\/)?(\[[^\]]+\]|[^:/]+)(?::([0-9]+))?\/?$/.exec(text) ?? [];
    const proxyPort = parsePort(digits ?? '80');
    return host === '' || proxyPort === undefined ? undefined : { host, port: proxyPort };
  };
  return read(options, 'http-proxy', parse, 'a proxy is HOST or HOST:PORT');
};

const ipv4: Reader<IpAddress> = (text) => {
  const address = parseAddress(text);
  return address?.family === 4 ? address : undefined;
};

const addressToAllow: Reader<IpAddress> = (text) => parseAddress(text);

const accessPorts: Reader<readonly PortSpec[]> = (text) => {
  const ports = text.split(',').map(parseAccessPort);
  return ports.every((spec) => spec !== undefined) ? ports : undefined;
};

const numberUpTo =
  (last: number): Reader<number> =>
  (text) =>
    /^[0-9]{1,6}$/.test(text) && Number(text) <= last ? Number(text) : undefined;

const timeoutSeconds: Reader<Seconds> = (text) => {
  const number = numberUpTo(MAX_TIMEOUT)(text);
  return number === undefined ? undefined : seconds(number);
};

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** As fwknop reads it: the first letter of the unit counts, so that "60sec" and "2Days" are times. */
const offsetSeconds: Reader<number> = (text) => {
  const [, digits = '', unit = 's'] = /^([0-9]{1,8})(?:([smhd])[a-z]*)?$/.exec(text.toLowerCase()) ?? [];
  return digits === '' ? undefined : Number(digits) * (UNITS[unit] ?? 1);
};

/** `HOST`, `HOST:PORT` or `HOST,PORT`. An address of IPv6 with a port is in brackets. */
const readNat = (given: Given | undefined): NatWish | undefined => {
  if (given === undefined || given.text === '') return undefined;
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:,]+))(?:[:,](.*))?$/.exec(given.text) ?? [];
  const host = bracketed ?? plain ?? '';
  const inner = digits === undefined ? undefined : parsePort(digits);
  if (isNatHost(host) && (digits === undefined || inner !== undefined)) return { host, port: inner };
  return refuse(given, 'name the host to forward to and its port, such as 192.168.10.2:22');
};
