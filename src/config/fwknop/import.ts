/** fwknop's own files as a spad.conf that means the same, and what became of each of their lines. */
import { own } from '../../base/own.ts';
import { normalizePorts } from '../../base/port-spec.ts';
import { printable } from '../../base/printable.ts';
import { hasErrors, type Issue } from '../issue.ts';
import { type ReportLine, sortReport } from '../report.ts';
import { type AccessConfParts, type FwknopEntry, parseAccessConf } from './access-conf.ts';
import { type AccessStart, type FileReader, readAccessFiles } from './access-files.ts';
import { ACCESS_ALIASES, ACCESS_FATES } from './access-variables.ts';
import { DAEMON_ALIASES, DAEMON_FATES } from './daemon-variables.ts';
import { accessSection, daemonSection } from './export.ts';
import type { Fate } from './fate.ts';
import { parseFwknopdConf } from './fwknopd-conf.ts';
import { type FwknopLine, readLines } from './line.ts';

export interface FwknopSources extends FileReader, Pick<AccessConfParts, 'midnight'> {
  /** Undefined: what fwknopd.conf names. */
  readonly access: AccessStart | undefined;
  /** fwknopd.conf and what overrides it. */
  readonly config: readonly { readonly path: string; readonly text: string }[];
  /** The name of the server in spad.conf. */
  readonly name: string;
  readonly isFile: (path: string) => boolean;
}

export interface Conversion {
  /** Undefined where there is an error among the issues. */
  readonly text: string | undefined;
  readonly report: readonly ReportLine[];
  readonly issues: readonly Issue[];
}

/** Converts what `sources` leads to. */
export const importFwknop = (sources: FwknopSources): Conversion => {
  const { conf, issues: confIssues } = parseFwknopdConf(sources.config);
  if (conf === undefined) return { text: undefined, report: [], issues: confIssues };
  const start = sources.access ?? conf.access;
  const parts: AccessConfParts = {
    ...{ readFile: sources.readFile, readFolder: sources.readFolder, midnight: sources.midnight },
    ...{ nat: conf.nat, gpgHomeDir: conf.gpgHomeDir, gpgProgram: conf.gpgProgram },
    // Each is told in the report, and asked for in its own section.
    allowUnauthenticated: true,
    askForUnauthenticated: '',
  };
  const { entries, issues: accessIssues } = parseAccessConf(start, parts);
  const issues = [...confIssues, ...accessIssues];
  if (hasErrors(issues)) return { text: undefined, report: [], issues };
  const stanzas = entries.map(({ client }) => client.stanza);
  const guard = normalizePorts(
    stanzas.flatMap(({ openPorts, cycle }) => (cycle === undefined ? (openPorts ?? []) : [])),
  );
  const digestCache = sources.isFile(conf.digestFile) ? conf.digestFile : undefined;
  const head = '# Converted from the files of fwknop. It holds keys: keep its mode 0600.\n';
  const text = [head + daemonSection(conf, sources.name, guard, digestCache), ...entries.map(accessSection)].join('\n');
  const report = [...daemonReport(sources.config), ...accessReport(start, sources), ...stanzaReport(entries)];
  return { text, report: sortReport(report), issues: issues.filter(({ severity }) => severity === 'error') };
};

/** What has another name in `[spad]`, or none because a default or another line says it. */
const DAEMON_KEYS: Readonly<Record<string, string>> = {
  PCAP_INTF: 'interface',
  PCAP_FILTER: 'port, fwknop_ports and fwknop_icmp',
  PCAP_FILE: 'capture_file',
  ENABLE_SPA_PACKET_AGING: 'fwknop_max_age',
  MAX_SPA_PACKET_AGE: 'fwknop_max_age',
  ENABLE_SPA_OVER_HTTP: 'fwknop_http',
  ALLOW_ANY_USER_AGENT: 'fwknop_any_user_agent',
  ENABLE_X_FORWARDED_FOR: 'fwknop_forwarded_for',
  ENABLE_TCP_SERVER: 'fwknop_tcp',
  TCPSERV_PORT: 'fwknop_tcp_port',
  ENABLE_UDP_SERVER: 'capture',
  UDPSERV_PORT: 'port',
  ENABLE_NAT_DNS: 'nat_names in each stanza',
  ENABLE_IPT_FORWARDING: 'nat in each stanza',
  ENABLE_IPT_LOCAL_NAT: 'nat in each stanza',
  ENABLE_IPT_SNAT: 'forward_source in each stanza',
  SNAT_TRANSLATE_IP: 'forward_source in each stanza',
  FWKNOP_RUN_DIR: 'the folder of fwknop_digest_cache',
  FWKNOP_CONF_DIR: 'the place of access.conf, which is read',
  ACCESS_FILE: 'the sections [access NAME]',
  ACCESS_FOLDER: 'the sections [access NAME]',
  DIGEST_FILE: 'fwknop_digest_cache, where there is such a file',
  GPG_HOME_DIR: 'gpg_home_dir in each stanza with GnuPG',
  GPG_EXE: 'gpg_exe in each stanza with GnuPG',
};

const daemonReport = (files: FwknopSources['config']): ReportLine[] => {
  const lines = files.flatMap(({ path, text }) => readLines(text, path, []));
  const nameOf = ({ variable }: FwknopLine): string => own(DAEMON_ALIASES, variable) ?? variable;
  return lines.map((line) => {
    const last = lines.findLast((other) => nameOf(other) === nameOf(line));
    return fateLine(line, last, DAEMON_FATES, () => own(DAEMON_KEYS, nameOf(line)) ?? nameOf(line).toLowerCase());
  });
};

/** Where the key of spad.conf is not the variable in lower case. */
const ACCESS_KEYS: Readonly<Record<string, string>> = {
  SOURCE: 'source',
  OPEN_PORTS: 'allow',
  FW_ACCESS_TIMEOUT: 'open_for',
  MAX_FW_TIMEOUT: 'max_open_for',
  REQUIRE_SOURCE_ADDRESS: 'require_address',
  ACCESS_EXPIRE: 'expires',
  ACCESS_EXPIRE_EPOCH: 'expires',
  KEY: 'key_base64',
  HMAC_KEY: 'hmac_key_base64',
  FORCE_SNAT: 'forward_source',
  FORCE_MASQUERADE: 'forward_source',
  '%include': 'what it includes',
  '%include_folder': 'what it includes',
  '%include_keys': 'the keys that it includes',
};

const accessReport = (start: AccessStart, reader: FileReader): ReportLine[] => {
  const { stanzas, lines } = readAccessFiles(start, reader, []);
  return lines.map((line) => {
    const nameOf = ({ variable }: FwknopLine): string => own(ACCESS_ALIASES, variable) ?? variable;
    const index = stanzas.findIndex((stanza) => stanza.lines.includes(line));
    const key = own(ACCESS_KEYS, nameOf(line)) ?? nameOf(line).toLowerCase();
    if (line.variable.startsWith('%')) return { ...placeOf(line), fate: 'kept', how: key };
    if (index < 0) return { ...placeOf(line), fate: 'dropped', how: 'it stands in no stanza' };
    const last = stanzas[index]?.lines.findLast((other) => nameOf(other) === nameOf(line));
    return fateLine(line, last, ACCESS_FATES, () => `${key} in [access stanza-${String(index + 1)}]`);
  });
};

const placeOf = ({ file, line, variable }: FwknopLine): Pick<ReportLine, 'file' | 'line' | 'what'> => ({
  file,
  line,
  what: printable(variable, 40),
});

/** `last` is the line about the same variable that counts. */
const fateLine = (
  line: FwknopLine,
  last: FwknopLine | undefined,
  fates: Readonly<Record<string, Fate>>,
  keptAs: () => string,
): ReportLine => {
  const fate = own(fates, line.variable);
  if (fate === undefined)
    return { ...placeOf(line), fate: 'needs-you', how: 'fwknopd passes over it; is it misspelt?' };
  if (last !== undefined && last !== line)
    return { ...placeOf(line), fate: 'dropped', how: `${last.file}:${String(last.line)} counts` };
  switch (fate.kind) {
    case 'honoured':
      return { ...placeOf(line), fate: 'kept', how: keptAs() };
    case 'not-needed':
    case 'refused':
      return { ...placeOf(line), fate: 'dropped', how: fate.because };
  }
};

/** What somebody has to look at. */
const stanzaReport = (entries: readonly FwknopEntry[]): ReportLine[] =>
  entries.flatMap(({ client: { stanza, hmac }, file, line }): ReportLine[] => {
    const ask = (how: string): ReportLine => ({ file, line, fate: 'needs-you', what: `[access ${stanza.name}]`, how });
    return [
      ...(hmac === undefined
        ? [ask('it has no HMAC key; give it one, here and on its clients, and remove allow_unauthenticated')]
        : []),
      ...(stanza.openPorts === undefined && stanza.cycle === undefined
        ? [ask('it lets any port be asked for; name them in allow, and in guard what is to be closed until then')]
        : []),
    ];
  });
