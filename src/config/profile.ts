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
import { maybe, maybeSecret, one, optional, readSection, required } from './directive.ts';
import { parseIni } from './ini-file.ts';
import { hasErrors, type Issue } from './issue.ts';
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
  host: maybe(text, "the host name or address that packets go to; the profile's own name if absent"),
  server: required(serverName, "server = gw1: the name in the server's spad.conf"),
  port: optional(portNumber, DEFAULT_SPA_PORT, 'the UDP port that packets go to'),
  key: maybeSecret(secret, 'the secret, base64 of 32 bytes'),
  key_file: maybe(text, 'a file that holds the secret alone, mode 0600'),
  access: optional(ports, [], 'the ports to ask for when --access is absent'),
  allow: maybe(parseAllow, 'the address to open for, or "source"; as --allow and --source'),
  open_for: maybe(duration(1, 0xffff_ffff), 'how long to ask for'),
  forward: maybe(forwardTarget, 'where to have the ports forwarded to; as --forward'),
} as const;

export interface Profile {
  readonly name: string;
  readonly host: string;
  readonly server: string;
  readonly port: Port;
  readonly key: { readonly secret: Secret } | { readonly file: string };
  readonly access: readonly PortSpec[];
  readonly allow: AllowChoice | undefined;
  readonly openFor: Seconds | undefined;
  readonly forward: Forward | undefined;
}

export interface ProfilesReading {
  readonly profiles: readonly Profile[];
  /** Names of the profiles that were left out. */
  readonly broken: readonly string[];
  readonly issues: readonly Issue[];
}

/** Reads all profiles of a file; a profile with an error is left out, and told. */
export const parseProfiles = (content: string, file: string): ProfilesReading => {
  const ini = parseIni(content, file);
  const issues: Issue[] = [...ini.issues];
  const profiles = ini.sections.flatMap((section): Profile[] => {
    const values = readSection(profileDirectives, section, file, issues);
    if (values === undefined) return [];
    if (printable(section.name) !== section.name) {
      issues.push({
        severity: 'error',
        file,
        line: section.line,
        problem: `[${printable(section.name)}] cannot be a name`,
        hint: 'use letters, digits and . _ - without control characters',
      });
      return [];
    }
    const { key, key_file: keyFile, open_for: openFor, ...rest } = values;
    if ((key === undefined) === (keyFile === undefined)) {
      issues.push({
        severity: 'error',
        file,
        line: section.line,
        problem: `[${printable(section.name)}] needs either "key" or "key_file"`,
        hint: '`spa-keys generate` prints a whole profile',
      });
      return [];
    }
    return [
      {
        ...rest,
        name: section.name,
        host: values.host ?? section.name,
        openFor,
        key: key === undefined ? { file: keyFile ?? '' } : { secret: key },
      },
    ];
  });
  const sound = hasErrors(ini.issues) ? [] : profiles;
  const names = ini.sections.map((section) => section.name);
  return { profiles: sound, broken: names.filter((name) => !sound.some((profile) => profile.name === name)), issues };
};

/** The profile that is called `name`, else the first one whose host is `name`. */
export const findProfile = (profiles: readonly Profile[], name: string): Profile | undefined =>
  profiles.find((profile) => profile.name === name) ?? profiles.find((profile) => profile.host === name);
