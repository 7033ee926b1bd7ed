/**
 * `[access NAME]` of spad.conf for fwknop's clients (docs/configuration.md): keys under fwknop's names in lower case,
 * policy under ours or fwknop's.
 */
import { printable } from '../base/printable.ts';
import { ok, type Result } from '../base/result.ts';
import type { PortSpec } from '../base/port-spec.ts';
import { MAX_OPEN_FOR } from '../base/units.ts';
import { ANYWHERE, accessDirectives, ENABLED, FORMATS } from './access-section.ts';
import {
  listOf,
  maybe,
  maybeSecret,
  oneOf,
  optional,
  readSection,
  required,
  type ValuesOf,
  yesNo,
} from './directive.ts';
import type { FwknopEntry } from './fwknop/access-conf.ts';
import {
  DEFAULT_MAX_OPEN_FOR,
  DEFAULT_OPEN_FOR,
  fwknopKeyDirectives,
  fwknopPolicyDirectives,
} from './fwknop/stanza-directives.ts';
import { type StanzaFile, stanzaKeys } from './fwknop/stanza-keys.ts';
import { type NatSettings, stanzaPolicy } from './fwknop/stanza-policy.ts';
import { passphrase } from './fwknop/values.ts';
import type { IniSection } from './ini-file.ts';
import { hasErrors, type Issue } from './issue.ts';
import { termsDirectives, termsOf } from './terms.ts';
import { cidrs, duration, expiry, forwardSource, ports } from './values.ts';

const portsOrAny = (text: string): Result<readonly PortSpec[] | 'any', string> =>
  text === 'any' ? ok('any') : ports(text);

export const fwknopDirectives = {
  format: required(oneOf(...FORMATS), 'fwknop, or both'),
  ...fwknopKeyDirectives,
  fwknop_key: maybeSecret(passphrase, 'the same as key; its only name where format = both'),
  allow_unauthenticated: optional(yesNo, false, 'yes: there is no HMAC key, and there need not be one'),
  allow: maybe(portsOrAny, 'the ports that may be asked for, or any'),
  open_for: maybe(duration(1, MAX_OPEN_FOR), 'how long a grant lasts when the client does not say; 30s'),
  max_open_for: maybe(duration(1, MAX_OPEN_FOR), 'the longest grant; a longer wish is cut to it; 5m'),
  source: optional(cidrs, ANYWHERE, 'where packets may come from'),
  require_address: maybe(yesNo, "yes: only an address named in the packet opens, never the packet's source"),
  ...termsDirectives,
  expires: maybe(expiry, 'the last day on which this stanza holds'),
  enabled: ENABLED,
  ...fwknopPolicyDirectives,
  // Ranges too, unlike in access.conf, where a range is its first port.
  open_ports: maybe(ports, fwknopPolicyDirectives.open_ports.doc),
  restrict_ports: optional(ports, [], fwknopPolicyDirectives.restrict_ports.doc),
  nat: optional(
    listOf((word) => (['forward', 'local'] as const).find((known) => known === word), 'forward or local'),
    [],
    'what clients may ask for: to be sent on to inner hosts (forward), to another port of this host (local)',
  ),
  nat_targets: maybe(cidrs, 'the inner hosts that clients may name; none: any'),
  nat_names: optional(yesNo, false, 'yes: clients may name inner hosts by their names, which this host looks up'),
  forward_source: optional(forwardSource, 'client', 'what inner hosts see as the source, as for our own clients'),
} as const;

const {
  open_ports: _ports,
  fw_access_timeout: _for,
  max_fw_timeout: _max,
  require_source_address: _required,
  ...rest
} = fwknopDirectives;

/** Where packets of both formats are read, what both have is ours: `key` is our own secret, and defaults are ours. */
export const bothDirectives = { ...rest, ...accessDirectives } as const;

type Values = Omit<ValuesOf<typeof fwknopDirectives>, 'allow'> & {
  readonly allow: readonly PortSpec[] | 'any' | undefined;
};

const NO_TWINS = {
  ...{ open_ports: undefined, fw_access_timeout: undefined, max_fw_timeout: undefined },
  require_source_address: undefined,
} as const;

/** The stanza of a section; none where it is not enabled, or something is wrong, which is told. */
export const readFwknop = (
  name: string,
  section: IniSection,
  file: string,
  isBoth: boolean,
  issues: Issue[],
): FwknopEntry[] => {
  const before = issues.length;
  const values = isBoth ? readBoth(section, file, issues) : readSection(fwknopDirectives, section, file, issues);
  if (values === undefined) return [];
  const stanzaFile = fileOf(section, file, values.allow_unauthenticated, issues);
  const keys = stanzaKeys({ ...values, key: values.fwknop_key ?? values.key }, stanzaFile);
  if (values.fwknop_key !== undefined && values.key !== undefined)
    stanzaFile.complain('fwknop_key', 'key and fwknop_key', 'set one of the two');
  const stanza = stanzaPolicy(draftOf(name, values, stanzaFile), stanzaFile);
  if (!values.enabled) return [];
  return hasErrors(issues.slice(before)) ? [] : [{ client: { stanza, ...keys }, file, line: section.line }];
};

const readBoth = (section: IniSection, file: string, issues: Issue[]): Values | undefined => {
  const values = readSection(bothDirectives, section, file, issues);
  return values && { ...values, ...NO_TWINS, key: undefined };
};

const fileOf = (section: IniSection, file: string, allowUnauthenticated: boolean, issues: Issue[]): StanzaFile => ({
  complain: (key, problem, hint, severity = 'error') => {
    const line = section.entries.find((entry) => entry.key === key)?.line ?? section.line;
    issues.push({ severity, file, line, problem: `[${printable(section.name)}]: ${problem}`, hint });
  },
  spell: (key) => key,
  gpgHomeDir: '/root/.gnupg',
  gpgProgram: '/usr/bin/gpg',
  allowUnauthenticated,
  askForUnauthenticated: 'set allow_unauthenticated = yes',
});

const draftOf = (name: string, values: Values, file: StanzaFile): Parameters<typeof stanzaPolicy>[0] => {
  const allow = oneName(values, 'allow', 'open_ports', file) ?? withoutPorts(values);
  if (allow === undefined) file.complain(undefined, 'no "allow"', 'allow = tcp/22: the ports this client may ask for');
  return {
    name,
    sources: values.source,
    openPorts: allow === 'any' ? undefined : allow,
    openFor: oneName(values, 'open_for', 'fw_access_timeout', file) ?? DEFAULT_OPEN_FOR,
    maxOpenFor: oneName(values, 'max_open_for', 'max_fw_timeout', file) ?? DEFAULT_MAX_OPEN_FOR,
    requireAddress: oneName(values, 'require_address', 'require_source_address', file) ?? false,
    expires: values.expires,
    terms: termsOf(values),
    nat: natOf(values),
    allowNat: 'set nat = forward, or nat = local',
    values,
  };
};

/** What may be asked for where no port is named because none is to open: a cycle's command has the say, a command opens none. */
const withoutPorts = (values: Values): 'any' | readonly PortSpec[] | undefined =>
  values.cmd_cycle_open !== undefined ? 'any' : values.enable_cmd_exec ? [] : undefined;

const natOf = (values: Values): NatSettings => ({
  forward: values.nat.includes('forward'),
  local: values.nat.includes('local'),
  targets: values.nat_targets,
  source: values.forward_source,
  names: values.nat_names,
});

const oneName = <A extends keyof Values, B extends keyof Values>(
  values: Values,
  ours: A,
  fwknops: B,
  file: StanzaFile,
): Values[A] | Values[B] => {
  if (values[ours] !== undefined && values[fwknops] !== undefined)
    file.complain(fwknops, `${ours} and ${fwknops}`, 'they are two names for the same; set one of them');
  return values[ours] ?? values[fwknops];
};
