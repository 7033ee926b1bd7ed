/** spad.conf (docs/configuration.md). */
import type { Stanza } from '../access/stanza.ts';
import { formatAddress, parseCidr } from '../base/address.ts';
import { coversPorts, formatPortSpec } from '../base/port-spec.ts';
import { printable } from '../base/printable.ts';
import { nearest } from '../base/suggest.ts';
import { DEFAULT_SPA_PORT, seconds } from '../base/units.ts';
import type { Secret } from '../crypto/secret.ts';
import { type DoorEntry, readDoor } from './door.ts';
import { maybe, maybeSecret, one, oneOf, optional, readSection, required, type ValuesOf, yesNo } from './directive.ts';
import { type IniSection, parseIni } from './ini-file.ts';
import { hasErrors, type Issue } from './issue.ts';
import {
  absolutePath,
  cidrs,
  duration,
  expiry,
  forwardRules,
  forwardSource,
  portNumber,
  ports,
  secret,
  serverName,
  wholeNumber,
} from './values.ts';

/** Linux: IFNAMSIZ is 16 with the final zero. */
const interfaceName = one(
  (text) => (/^[^\s/]{1,15}$/.test(text) ? text : undefined),
  '"any" or the name of an interface, such as eth0',
);

const userName = one(
  (text) => (/^[a-z_][a-z0-9_-]{0,31}$/.test(text) ? text : undefined),
  'the name of a user, or "same" to keep the daemon\'s own',
);

const MAX_OPEN_FOR = 365 * 86_400;
const ANYWHERE = ['0.0.0.0/0', '::/0'].map(parseCidr).filter((cidr) => cidr !== undefined);

export const daemonDirectives = {
  name: required(
    serverName,
    "name = gw1: this server's name; it is bound into every packet, and clients must use the same",
  ),
  interface: optional(interfaceName, 'any', 'the interface to capture on, or any'),
  port: optional(portNumber, DEFAULT_SPA_PORT, 'the UDP port that packets are sent to; nothing listens on it'),
  capture: optional(
    oneOf('pcap', 'udp', 'file'),
    'pcap',
    'pcap sniffs; udp listens on a socket instead; file reads capture_file once, for tests',
  ),
  capture_file: maybe(absolutePath, 'the pcap file that capture = file reads'),
  receiver_user: optional(userName, 'nobody', 'the user that the capturing process becomes once the capture is open'),
  firewall: optional(
    oneOf('nftables', 'dry-run'),
    'nftables',
    'what opens the ports; dry-run only says what it would do',
  ),
  guard: optional(
    ports,
    [],
    'ports that are closed to everyone who holds no grant; where packets are sniffed, the SPA port is closed too, so that nothing answers there',
  ),
  knockd_conf: maybe(absolutePath, 'a knockd.conf whose doors open here, too'),
  max_age: optional(duration(5, 3600), seconds(120), "how far a packet's time may be from this host's clock"),
  max_grants: optional(wholeNumber(1, 20_000), 10_000, 'live grants at most'),
  state_dir: optional(absolutePath, '/var/lib/spad', 'where the replay journal and the grant log are'),
  audit_log: optional(absolutePath, '/var/log/spad/audit.jsonl', 'the file that gets one JSON line a decision'),
} as const;

export const accessDirectives = {
  key: maybeSecret(secret, "the client's secret, base64 of 32 bytes"),
  key_file: maybe(absolutePath, 'a file that holds the secret alone, mode 0600'),
  allow: required(ports, 'allow = tcp/22: the ports this client may ask for'),
  default: optional(ports, [], 'what opens when the client names no port'),
  open_for: optional(duration(1, MAX_OPEN_FOR), seconds(30), 'how long a grant lasts when the client does not say'),
  max_open_for: optional(duration(1, MAX_OPEN_FOR), seconds(3600), 'the longest grant; a longer wish is cut to it'),
  source: optional(cidrs, ANYWHERE, 'where packets may come from and which addresses may be opened'),
  require_address: optional(yesNo, false, "yes: only an address sealed in the packet opens, never the packet's source"),
  forward: optional(
    forwardRules,
    [],
    'inner hosts and ports that this client may have a port forwarded to: 10.0.0.0/24:22, [fd00::/64]:22, local:8022 (docs/forwarding.md)',
  ),
  forward_source: optional(
    forwardSource,
    'client',
    "what inner hosts see as the source: client (its own address), masquerade (this host's on the way there) or an address of this host",
  ),
  expires: maybe(expiry, 'the last day on which this stanza holds'),
} as const;

type DaemonValues = ValuesOf<typeof daemonDirectives>;

/** One client: its stanza, and its secret or the file that holds it. */
export interface AccessEntry {
  readonly stanza: Stanza;
  readonly key: { readonly secret: Secret } | { readonly file: string };
  /** Where the stanza begins, for what is found wrong later. */
  readonly line: number;
}

export interface SpadConf {
  readonly daemon: DaemonValues;
  readonly access: readonly AccessEntry[];
  readonly doors: readonly DoorEntry[];
}

export interface SpadConfReading {
  /** Undefined where there is an error among the issues. */
  readonly conf: SpadConf | undefined;
  readonly issues: readonly Issue[];
}

/** Reads spad.conf from `text`; `file` is its name in the issues. */
export const parseSpadConf = (text: string, file: string): SpadConfReading => {
  const ini = parseIni(text, file);
  const issues: Issue[] = [...ini.issues];
  const daemonSection = ini.sections.find((section) => section.name === 'spad');
  const daemon = daemonSection && readSection(daemonDirectives, daemonSection, file, issues);
  if (daemonSection === undefined) {
    issues.push({
      severity: 'error',
      file,
      line: 0,
      problem: 'there is no [spad] section',
      hint: 'it begins with "[spad]" and "name = …"',
    });
  }
  const named = ini.sections.flatMap((section) => nameSection(section, file, issues));
  const access = named.flatMap(({ kind, name, section }) =>
    kind === 'access' ? readAccess(name, section, file, issues) : [],
  );
  const doors = named.flatMap(({ kind, name, section }) =>
    kind === 'door' ? (readDoor(name, section, file, issues) ?? []) : [],
  );
  checkNames(named, file, issues);
  if (daemon !== undefined) checkTogether({ daemon, access, doors }, daemonSection?.line ?? 0, file, issues);
  const sorted = [...issues].sort((a, b) => a.line - b.line);
  return { conf: daemon === undefined || hasErrors(issues) ? undefined : { daemon, access, doors }, issues: sorted };
};

interface NamedSection {
  readonly kind: 'access' | 'door';
  readonly name: string;
  readonly section: IniSection;
}

const nameSection = (section: IniSection, file: string, issues: Issue[]): NamedSection[] => {
  const complain = (problem: string, hint: string): [] => {
    issues.push({ severity: 'error', file, line: section.line, problem, hint });
    return [];
  };
  if (section.name === 'spad' || section.name === '') return [];
  const [kind = '', name, ...rest] = section.name.split(' ');
  if (kind !== 'access' && kind !== 'door') {
    const near = nearest(kind, ['spad', 'access', 'door']);
    return complain(
      `unknown section [${printable(section.name)}]`,
      near === undefined
        ? 'sections are [spad], [access NAME] and [door NAME]'
        : `did you mean [${near}${near === 'spad' ? '' : ' NAME'}]?`,
    );
  }
  if (name === undefined || rest.length > 0 || !/^[A-Za-z0-9._@-]{1,64}$/.test(name)) {
    return complain(
      `section [${printable(section.name)}]`,
      `write [${kind} NAME], the name of up to 64 letters, digits and . _ @ -`,
    );
  }
  return [{ kind, name, section }];
};

/** A grant belongs to a name: what a door has opened is not a client's to close. */
const checkNames = (named: readonly NamedSection[], file: string, issues: Issue[]): void => {
  for (const { name, section } of named.filter(({ kind }) => kind === 'door')) {
    const client = named.find((other) => other.kind === 'access' && other.name === name);
    if (client === undefined) continue;
    const problem = `[door ${name}] has the name of [access ${name}]`;
    issues.push({ severity: 'error', file, line: section.line, problem, hint: 'give the door a name of its own' });
  }
};

const readAccess = (name: string, section: IniSection, file: string, issues: Issue[]): AccessEntry[] => {
  const complain = (problem: string, hint: string): [] => {
    issues.push({ severity: 'error', file, line: section.line, problem, hint });
    return [];
  };
  const values = readSection(accessDirectives, section, file, issues);
  if (values === undefined) return [];
  if ((values.key === undefined) === (values.key_file === undefined)) {
    return complain(`[${section.name}] needs either "key" or "key_file"`, 'make one with `spa-keys generate`');
  }
  const { allow, default: defaultPorts, open_for: openFor, max_open_for: maxOpenFor } = values;
  if (allow.length === 0) return complain(`[${section.name}] allows no port`, 'allow = tcp/22');
  const outside = defaultPorts.find((spec) => !coversPorts(allow, spec));
  if (outside !== undefined)
    return complain(
      `[${section.name}] has the default ${formatPortSpec(outside)}`,
      'a default port must be among "allow"',
    );
  if (openFor > maxOpenFor)
    return complain(`[${section.name}] has open_for above max_open_for`, 'raise max_open_for or lower open_for');
  const { forward, forward_source: source } = values;
  if (typeof source !== 'string' && forward.some(({ to }) => to && to.address.family !== source.family))
    return complain(
      `[${section.name}] forwards to IPv4 and IPv6 with forward_source = ${formatAddress(source)}`,
      'an address stands for hosts of its own family alone; masquerade does for both',
    );
  const stanza = {
    ...{ name, allow, defaultPorts, openFor, maxOpenFor, forward, forwardSource: source },
    ...{ sources: values.source, requireAddress: values.require_address, expires: values.expires },
  };
  const key = values.key === undefined ? { file: values.key_file ?? '' } : { secret: values.key };
  return [{ stanza, key, line: section.line }];
};

const checkTogether = ({ daemon, access, doors }: SpadConf, line: number, file: string, issues: Issue[]): void => {
  const complain = (severity: Issue['severity'], at: number, problem: string, hint: string): unknown =>
    issues.push({ severity, file, line: at, problem, hint });
  if ((daemon.capture === 'file') !== (daemon.capture_file !== undefined)) {
    complain('error', line, 'capture = file and capture_file go together', 'set both or neither');
  }
  if (daemon.capture === 'file' && daemon.firewall !== 'dry-run') {
    complain(
      'error',
      line,
      'capture = file with a real firewall',
      'packets from a file may be old; set firewall = dry-run',
    );
  }
  if (daemon.capture === 'file' && (doors.length > 0 || daemon.knockd_conf !== undefined)) {
    complain('error', line, 'capture = file with doors', 'doors are knocked at on a network; set capture = pcap');
  }
  const ownPort = { protocol: 'udp', first: daemon.port, last: daemon.port } as const;
  if (daemon.capture === 'udp' && coversPorts(daemon.guard, ownPort)) {
    const hint = 'no packet could reach the socket: take the port out of "guard", or set capture = pcap';
    complain('error', line, `capture = udp with ${formatPortSpec(ownPort)} guarded`, hint);
  }
  if (daemon.guard.length === 0) {
    complain('warning', line, 'nothing is guarded', 'guard = tcp/22 closes port 22 to all who hold no grant');
  }
  const opened = [
    ...access.map(({ stanza, line: at }) => ({ at, what: `[access ${stanza.name}] allows`, ports: stanza.allow })),
    ...doors.map(({ rule, line: at }) => ({ at, what: `[door ${rule.door.name}] opens`, ports: rule.open })),
  ];
  for (const { at, what, ports: specs } of opened) {
    const loose = daemon.guard.length > 0 && specs.find((spec) => !coversPorts(daemon.guard, spec));
    if (loose) {
      const hint = 'add it to "guard", or another firewall must close it and let spad\'s grants pass';
      complain('warning', at, `${what} ${formatPortSpec(loose)}, which spad does not guard`, hint);
    }
  }
};
