/** spad.conf (docs/configuration.md). */
import { coversPorts, formatPortSpec } from '../base/port-spec.ts';
import { printable } from '../base/printable.ts';
import { BACKENDS } from '../firewall/backends.ts';
import { nearest } from '../base/suggest.ts';
import { type AccessEntry, accessDirectives, FORMATS, readNative } from './access-section.ts';
import { daemonDirectives, type DaemonValues } from './daemon-directives.ts';
import { isStanzaName } from '../base/stanza-name.ts';
import { type DoorEntry, readDoor } from './door.ts';
import type { FwknopEntry } from './fwknop/access-conf.ts';
import { fwknopDirectives, readFwknop } from './fwknop-section.ts';
import { readSection } from './directive.ts';
import { checkBackend, type FirewallConf, readFirewall } from './firewall-section.ts';
import { unguarded } from './guard.ts';
import { type IniSection, iniSections } from './ini-file.ts';
import { hasErrors, type Issue } from './issue.ts';

export interface SpadConf {
  readonly daemon: DaemonValues;
  readonly firewall: FirewallConf;
  readonly access: readonly AccessEntry[];
  /** Those for fwknop's clients. */
  readonly fwknop: readonly FwknopEntry[];
  readonly doors: readonly DoorEntry[];
}

export interface SpadConfReading {
  /** Undefined where there is an error among the issues. */
  readonly conf: SpadConf | undefined;
  readonly issues: readonly Issue[];
}

/** Reads spad.conf from `text`; `file` is its name in the issues. */
export const parseSpadConf = (text: string, file: string): SpadConfReading => {
  const issues: Issue[] = [];
  const { daemonSection, access, fwknop, doorSections, names } = readSections(text, file, issues);
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
  const doors = doorSections.flatMap(({ name, section }) => readDoor(name, section, file, issues) ?? []);
  checkNames(doorSections, names, file, issues);
  const firewall = daemon && readFirewall(daemon, daemonSection, file, issues);
  const conf = daemon && firewall && { daemon, firewall, access, fwknop, doors };
  if (conf !== undefined) {
    if (conf.firewall.name !== 'auto') issues.push(...checkBackend(conf, conf.firewall.name, file));
    checkTogether(conf, daemonSection?.line ?? 0, file, issues);
  }
  const sorted = [...issues].sort((a, b) => a.line - b.line);
  return { conf: hasErrors(issues) ? undefined : conf, issues: sorted };
};

interface NamedSection {
  readonly kind: 'access' | 'door';
  readonly name: string;
  readonly section: IniSection;
}

interface Sections {
  readonly access: readonly AccessEntry[];
  readonly fwknop: readonly FwknopEntry[];
  readonly daemonSection: IniSection | undefined;
  readonly doorSections: readonly NamedSection[];
  /** Of every `[access NAME]`. */
  readonly names: ReadonlySet<string>;
}

/** Each `[access NAME]` is read as it comes, and its text let go: there may be ten thousand. */
const readSections = (text: string, file: string, issues: Issue[]): Sections => {
  let daemonSection: IniSection | undefined;
  const access: AccessEntry[] = [];
  const fwknop: FwknopEntry[] = [];
  const doorSections: NamedSection[] = [];
  const names = new Set<string>();
  for (const section of iniSections(text, file, issues)) {
    if (section.name === 'spad') daemonSection ??= section;
    for (const named of nameSection(section, file, issues)) {
      if (named.kind === 'door') doorSections.push(named);
      else {
        names.add(named.name);
        readAccess(named, { access, fwknop }, file, issues);
      }
    }
  }
  return { daemonSection, access, fwknop, doorSections, names };
};

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
  if (name === undefined || rest.length > 0 || !isStanzaName(name)) {
    return complain(
      `section [${printable(section.name)}]`,
      `write [${kind} NAME], the name of up to 64 letters, digits and . _ @ -`,
    );
  }
  return [{ kind, name, section }];
};

/** A grant belongs to a name: what a door has opened is not a client's to close. */
const checkNames = (
  doors: readonly NamedSection[],
  clients: ReadonlySet<string>,
  file: string,
  issues: Issue[],
): void => {
  for (const { name, section } of doors) {
    if (!clients.has(name)) continue;
    const problem = `[door ${name}] has the name of [access ${name}]`;
    issues.push({ severity: 'error', file, line: section.line, problem, hint: 'give the door a name of its own' });
  }
};

/** Reads an `[access NAME]` by its format into the list, or lists, that it belongs to. */
const readAccess = (
  { name, section }: NamedSection,
  { access, fwknop }: { readonly access: AccessEntry[]; readonly fwknop: FwknopEntry[] },
  file: string,
  issues: Issue[],
): void => {
  const format = section.entries.find(({ key }) => key === 'format')?.value ?? 'native';
  if (format === 'fwknop' || format === 'both') {
    fwknop.push(...readFwknop(name, section, file, format === 'both', issues));
  } else if (!FORMATS.some((known) => known === format))
    readSection({ format: accessDirectives.format }, only(section, 'format'), file, issues);
  if (format === 'both') access.push(...readNativeToo(name, section, file, issues));
  else if (format === 'native') access.push(...readNative(name, tellFormat(section, file, issues), file, issues));
};

/** The native side of a section of both formats; what has been told of a key that both have is not told again. */
const readNativeToo = (name: string, section: IniSection, file: string, issues: Issue[]): AccessEntry[] => {
  const own: Issue[] = [];
  const entries = readNative(name, only(section, ...Object.keys(accessDirectives)), file, own);
  issues.push(
    ...own.filter((issue) => !issues.some((told) => told.line === issue.line && told.problem === issue.problem)),
  );
  return entries;
};

/** The section with none but these keys. */
const only = (section: IniSection, ...keys: readonly string[]): IniSection => ({
  ...section,
  entries: section.entries.filter(({ key }) => keys.includes(key)),
});

/** The section without the keys of fwknop's, whose place is told. */
const tellFormat = (section: IniSection, file: string, issues: Issue[]): IniSection => {
  const isStray = (key: string): boolean =>
    Object.hasOwn(fwknopDirectives, key) && !Object.hasOwn(accessDirectives, key);
  if (!section.entries.some(({ key }) => isStray(key))) return section;
  for (const { key, line } of section.entries.filter((entry) => isStray(entry.key))) {
    const problem = `"${key}" is about fwknop's packets`;
    issues.push({ severity: 'error', file, line, problem, hint: 'set format = fwknop, or format = both' });
  }
  return { ...section, entries: section.entries.filter(({ key }) => !isStray(key)) };
};

const checkTogether = (
  { daemon, firewall, access, fwknop, doors }: SpadConf,
  line: number,
  file: string,
  issues: Issue[],
): void => {
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
  if (daemon.guard.length === 0 && !closesNothing(firewall)) {
    complain('warning', line, 'nothing is guarded', 'guard = tcp/22 closes port 22 to all who hold no grant');
  }
  complainOfTraits({ firewall, access, fwknop, doors }, file, issues);
  const opened = [
    ...access.map(({ stanza, line: at }) => ({ at, what: `[access ${stanza.name}] allows`, ports: stanza.allow })),
    ...fwknop.map(({ client: { stanza }, line: at }) => ({
      at,
      what: `[access ${stanza.name}] allows`,
      ports: stanza.cycle === undefined ? (stanza.openPorts ?? []) : [],
    })),
    ...doors.map(({ rule, line: at }) => ({ at, what: `[door ${rule.door.name}] opens`, ports: rule.open })),
  ];
  if (closesNothing(firewall)) return;
  for (const { at, what, ports: specs } of opened) {
    const loose = unguarded(daemon.guard, what, specs);
    if (loose !== undefined) complain('warning', at, loose.problem, loose.hint);
  }
};

/** Then the operator's own rules must, and what spad would guard says nothing about them. */
const closesNothing = ({ name }: FirewallConf): boolean => name === 'command' || name === 'nft-set';

/** What ends connections, or opens for networks, must be asked of a firewall that can. */
const complainOfTraits = (
  { firewall, access, fwknop, doors }: Pick<SpadConf, 'firewall' | 'access' | 'fwknop' | 'doors'>,
  file: string,
  issues: Issue[],
): void => {
  const { name } = firewall;
  if (name === 'auto') return;
  for (const { stanza, line } of BACKENDS[name].widens ? [] : access.filter((one) => one.stanza.widenIpv6)) {
    const problem = `[access ${stanza.name}] has widen_ipv6 = 64, and firewall = ${name} takes single addresses`;
    issues.push({ severity: 'error', file, line, problem, hint: 'set another firewall, or widen_ipv6 = no' });
  }
  if (BACKENDS[name].cuts) return;
  const cutting = [
    ...access.map(({ stanza, line }) => ({ section: `access ${stanza.name}`, terms: stanza, line })),
    ...fwknop.map(({ client: { stanza }, line }) => ({ section: `access ${stanza.name}`, terms: stanza, line })),
    ...doors.map(({ rule, line }) => ({ section: `door ${rule.door.name}`, terms: rule, line })),
  ];
  for (const { section, line } of cutting.filter(({ terms }) => terms.dropOnExpiry)) {
    const problem = `[${section}] has drop_on_expiry = yes, and firewall = ${name} cannot cut connections`;
    issues.push({ severity: 'error', file, line, problem, hint: 'set firewall = nftables, or drop_on_expiry = no' });
  }
};
