/** The client's profiles.ini (docs/configuration.md): one section a server, named as the user likes to call it. */
import { type Cidr, canBeRemoteHost, compareCidr, hostCidr, parseAddress } from '../base/address.ts';
import type { PortSpec } from '../base/port-spec.ts';
import { printable } from '../base/printable.ts';
import { err, ok, type Result } from '../base/result.ts';
import type { Port } from '../base/units.ts';
import { DEFAULT_SPA_PORT, type Seconds } from '../base/units.ts';
import type { Secret } from '../crypto/secret.ts';
import { MAX_ADDRESSES } from '../spa/native/layout.ts';
import type { Forward } from '../spa/request.ts';
import { maybe, maybeSecret, one, oneOf, optional, readSection, yesNo } from './directive.ts';
import { type FwknopProfile, isFwknopKey, readFwknopProfile } from './fwknop-profile.ts';
import { type IniEntry, type IniSection, parseIni } from './ini-file.ts';
import { hasErrors, type Issue } from './issue.ts';
import { httpsUrl, type Resolve, resolveWay, type StunServer, stunServer } from './resolve.ts';
import { duration, forwardTarget, portNumber, ports, secret, serverName } from './values.ts';

/** Whom to open for: the address that the server sees, or hosts in canonical order, at most 2, sealed in the packet. */
export type AllowChoice = 'source' | readonly Cidr[];

/** Reads `source` or `ADDR[,ADDR]`; an IPv4-mapped IPv6 address is the IPv4 address it stands for. */
export const parseAllow = (text: string): Result<AllowChoice, string> => {
  if (text.trim() === 'source') return ok('source');
  const hosts: Cidr[] = [];
  for (const part of text.split(',')) {
    const address = parseAddress(part.trim());
    const quoted = `"${printable(part.trim(), 60)}"`;
    if (address === undefined)
      return err(`${quoted} is not the address of one host, such as 203.0.113.9 or 2001:db8::9`);
    if (!canBeRemoteHost(address))
      return err(`${quoted} cannot be the address of a remote host; every server refuses it`);
    const host = hostCidr(address);
    if (!hosts.some((other) => compareCidr(other, host) === 0)) hosts.push(host);
  }
  if (hosts.length > MAX_ADDRESSES)
    return err('a packet names at most 2 addresses; send another packet for the others');
  return ok(hosts.sort(compareCidr));
};

const text = one((value) => (value === '' ? undefined : value), 'some text');

export const profileDirectives = {
  format: optional(oneOf('native', 'fwknop'), 'native', 'whose packets the server takes; fwknop: see below'),
  host: maybe(text, "the host name or address that packets go to; the profile's own name if absent"),
  server: maybe(serverName, "the name in the server's spad.conf; required where format = native"),
  port: optional(portNumber, DEFAULT_SPA_PORT, 'the UDP port that packets go to'),
  key: maybeSecret(secret, 'the secret, base64 of 32 bytes'),
  key_file: maybe(text, 'a file that holds the secret alone, mode 0600'),
  access: optional(ports, [], 'the ports to ask for when --access is absent'),
  allow: maybe(parseAllow, 'the address to open for, or "source"; as --allow and --source'),
  resolve: maybe(
    resolveWay,
    'how to find the address to open for, behind NAT: stun, https, reply, or with whom to ask: stun:HOST, https://HOST/PATH (docs/addresses.md)',
  ),
  stun: maybe(stunServer, 'the STUN server that --resolve stun asks, HOST[:PORT]; there is no default'),
  address_url: maybe(httpsUrl, 'the page that --resolve https asks, https://HOST/PATH; there is no default'),
  both: optional(yesNo, false, 'whether to open for the IPv4 and the IPv6 address of this host; as --both'),
  open_for: maybe(duration(1, 0xffff_ffff), 'how long to ask for'),
  forward: maybe(forwardTarget, 'where to have the ports forwarded to; as --forward'),
  reply: maybe(
    yesNo,
    'whether to ask the server for an answer, and wait for it; yes if absent; no: as --no-reply, for a server that answers nothing',
  ),
} as const;

export interface Profile {
  readonly name: string;
  readonly host: string;
  readonly server: string;
  readonly port: Port;
  readonly key: { readonly secret: Secret } | { readonly file: string };
  readonly access: readonly PortSpec[];
  readonly allow: AllowChoice | undefined;
  readonly resolve: Resolve | undefined;
  readonly stun: StunServer | undefined;
  readonly addressUrl: string | undefined;
  /** Whether to name the addresses of both families. */
  readonly both: boolean;
  readonly openFor: Seconds | undefined;
  readonly forward: Forward | undefined;
  /** Whether to ask for an answer. */
  readonly reply: boolean;
}

export interface ProfilesReading {
  readonly profiles: readonly Profile[];
  /** Those with `format = fwknop`. */
  readonly fwknop: readonly FwknopProfile[];
  /** Names of the profiles that were left out. */
  readonly broken: readonly string[];
  readonly issues: readonly Issue[];
}

/** Reads all profiles of a file; a profile with an error is left out, and told. */
export const parseProfiles = (content: string, file: string): ProfilesReading => {
  const ini = parseIni(content, file);
  const issues: Issue[] = [...ini.issues];
  const found = ini.sections.map((section) => readProfile(section, file, issues));
  const sound = hasErrors(ini.issues) ? [] : found.filter((profile) => profile !== undefined);
  const names = ini.sections.map((section) => section.name);
  return {
    profiles: sound.filter((profile) => 'key' in profile),
    fwknop: sound.filter((profile) => 'variables' in profile),
    broken: names.filter((name) => !sound.some((profile) => profile.name === name)),
    issues,
  };
};

const readProfile = (section: IniSection, file: string, issues: Issue[]): Profile | FwknopProfile | undefined => {
  const refuse = (problem: string, hint: string): Profile | undefined => {
    issues.push({ severity: 'error', file, line: section.line, problem, hint });
    return undefined;
  };
  const { name } = section;
  const isFwknop = section.entries.some(({ key, value }) => key === 'format' && value === 'fwknop');
  const isOurs = ({ key }: IniEntry): boolean => !isFwknop || !isFwknopKey(key);
  const values = readSection(profileDirectives, { ...section, entries: section.entries.filter(isOurs) }, file, issues);
  if (values === undefined) return undefined;
  if (printable(name) !== name) {
    return refuse(`[${printable(name)}] cannot be a name`, 'use letters, digits and . _ - without control characters');
  }
  const { format, server, key, key_file: keyFile, open_for: openFor, reply = true, ...rest } = values;
  const { address_url: addressUrl } = rest;
  const common = { ...rest, name, host: values.host ?? name, openFor };
  if (format === 'fwknop') {
    const words = ['server', 'key_file', 'forward', 'reply', 'resolve', 'stun', 'address_url'] as const;
    const stray = values.both ? 'both' : words.find((word) => values[word] !== undefined);
    if (stray === undefined) return readFwknopProfile(common, section, file, issues);
    return refuse(`${stray} is not for fwknop's packets`, `leave it out, or format = fwknop`);
  }
  if (server === undefined) {
    return refuse(`[${printable(name)}] has no "server"`, "server = gw1: the name in the server's spad.conf");
  }
  if ((key === undefined) === (keyFile === undefined)) {
    return refuse(
      `[${printable(name)}] needs either "key" or "key_file"`,
      '`spa-keys generate` prints a whole profile',
    );
  }
  if (values.allow !== undefined && (rest.both || rest.resolve !== undefined)) {
    return refuse(`[${printable(name)}] has "allow", and ${rest.both ? 'both' : 'resolve'}`, 'leave one of them out');
  }
  return { ...common, addressUrl, reply, server, key: key === undefined ? { file: keyFile ?? '' } : { secret: key } };
};

/** The profile that is called `name`, else the first one whose host is `name`. */
export const findProfile = <P extends { readonly name: string; readonly host: string }>(
  profiles: readonly P[],
  name: string,
): P | undefined =>
  profiles.find((profile) => profile.name === name) ?? profiles.find((profile) => profile.host === name);
