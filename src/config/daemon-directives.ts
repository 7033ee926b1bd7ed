/** `[spad]` of spad.conf (docs/configuration.md). */
import { BACKEND_NAMES } from '../firewall/backends.ts';
import { parseSetPlace } from '../firewall/nft-set.ts';
import { err, ok } from '../base/result.ts';
import { DEFAULT_SPA_PORT, seconds } from '../base/units.ts';
import { type Directive, listOf, maybe, one, oneOf, optional, required, type ValuesOf, yesNo } from './directive.ts';
import { absolutePath, duration, portNumber, ports, serverName, socketPath, wholeNumber } from './values.ts';

/** Linux: IFNAMSIZ is 16 with the final zero. */
const interfaceName = one(
  (text) => (/^[^\s/]{1,15}$/.test(text) ? text : undefined),
  '"any" or the name of an interface, such as eth0',
);

const userName = one(
  (text) => (/^[a-z_][a-z0-9_-]{0,31}$/.test(text) ? text : undefined),
  'the name of a user, or "same" to keep the daemon\'s own',
);

const text = one((value) => (value === '' ? undefined : value), 'a command with its arguments');

const paths = listOf((text) => (text.startsWith('/') ? text : undefined), 'a path that begins with /');

/** The textfile collector of node_exporter reads no other. */
const promPath = one(
  (value) => (/^\/.*[^/]\.prom$/.test(value) ? value : undefined),
  'a path that begins with / and ends in .prom',
);

/** docs/audit-log.md */
const AUDIT_SINKS = ['file', 'syslog', 'journald'] as const;
export type AuditSinkName = (typeof AUDIT_SINKS)[number];

const NO_SINK = 'file, syslog or journald, or several of them with commas between';

const auditSinks: Directive<readonly AuditSinkName[]>['parse'] = (text) => {
  const list = listOf((word) => AUDIT_SINKS.find((sink) => sink === word), NO_SINK)(text);
  if (!list.ok) return list;
  return list.value.length === 0 ? err(NO_SINK) : ok([...new Set(list.value)]);
};

/** In seconds; never is infinite. */
const maxAge = one((text): number | undefined => {
  if (text === 'never') return Number.POSITIVE_INFINITY;
  const value = duration(1, 100_000)(text);
  return value.ok ? value.value : undefined;
}, 'a time from 1 to 100000 seconds, such as 90s or 5m, or never');

export const DEFAULT_AUDIT_LOG = '/var/log/spad/audit.jsonl';
export const DEFAULT_STATE_DIR = '/var/lib/spad';
const DEFAULT_NFLOG_GROUP = 6220;
export const DEFAULT_COMMAND_TIMEOUT = seconds(10);

export const daemonDirectives = {
  name: required(
    serverName,
    "name = gw1: this server's name; it is bound into every packet, and clients must use the same",
  ),
  interface: optional(interfaceName, 'any', 'the interface to capture on, or any'),
  port: optional(portNumber, DEFAULT_SPA_PORT, 'the UDP port that packets are sent to; nothing listens on it'),
  capture: optional(
    oneOf('auto', 'nflog', 'pcap', 'udp', 'file'),
    'auto',
    'nflog has the kernel drop junk and hand over the rest; pcap sniffs; auto is nflog where that can be; udp listens on a socket; file reads capture_file once, for tests',
  ),
  nflog_group: optional(
    wholeNumber(1, 65_534),
    DEFAULT_NFLOG_GROUP,
    'the NFLOG group that the kernel hands packets over by, where nothing else may listen; the one after it is used, too',
  ),
  capture_file: maybe(absolutePath, 'the pcap file that capture = file reads'),
  receiver_user: optional(userName, 'nobody', 'the user that the capturing process becomes once the capture is open'),
  firewall: optional(
    oneOf('auto', ...BACKEND_NAMES),
    'auto',
    'what opens the ports; auto is what suits this host; dry-run only says what it would do (docs/firewalls.md)',
  ),
  nft_set: optional(
    listOf(parseSetPlace, 'family, table and name of a set, such as inet filter allowed'),
    [],
    'the set of your own nftables ruleset that grants are put into, or two, one a family of addresses (docs/firewalls/nft-set.md)',
  ),
  open_command: maybe(
    text,
    'the command that opens, with {address} and other places for values (docs/firewalls/command.md)',
  ),
  close_command: maybe(text, 'the command that closes again'),
  command_shell: optional(yesNo, false, 'yes: a shell runs the two, and finds the values in its environment'),
  command_user: maybe(userName, 'the user that the two run as; else as spad does'),
  command_timeout: optional(duration(1, 300), DEFAULT_COMMAND_TIMEOUT, 'how long one of them may take'),
  guard: optional(
    ports,
    [],
    'ports that are closed to everyone who holds no grant; where packets are sniffed, the SPA port is closed too, so that nothing answers there',
  ),
  knockd_conf: maybe(absolutePath, 'a knockd.conf whose doors open here, too'),
  max_age: optional(duration(5, 3600), seconds(120), "how far a packet's time may be from this host's clock"),
  max_grants: optional(wholeNumber(1, 100_000), 10_000, 'live grants at most'),
  state_dir: optional(absolutePath, DEFAULT_STATE_DIR, 'where the replay journal and the grant log are'),
  fwknop_access: maybe(absolutePath, "fwknop's access.conf, whose stanzas hold here, too"),
  fwknop_config: maybe(absolutePath, "fwknop's fwknopd.conf, for the NAT, age, ways and GnuPG of fwknop's packets"),
  fwknop_override: optional(paths, [], 'files that override fwknop_config, as fwknopd -O'),
  fwknop_allow_no_hmac: optional(yesNo, false, 'yes: stanzas of access.conf need no HMAC key'),
  fwknop_digest_cache: maybe(absolutePath, "fwknopd's digest.cache: packets in it are refused"),
  fwknop_max_age: maybe(maxAge, "the same as max_age for fwknop's packets; never: their time is not looked at"),
  fwknop_ports: optional(ports, [], "more ports that fwknop's packets may come to"),
  fwknop_tcp: optional(yesNo, false, "yes: fwknop's packets may come over TCP connections to the SPA port"),
  fwknop_tcp_port: maybe(portNumber, 'another port for these connections'),
  fwknop_http: optional(
    yesNo,
    false,
    "yes: fwknop's packets may come as requests of HTTP to the SPA port and fwknop_ports",
  ),
  fwknop_icmp: optional(yesNo, false, "yes: fwknop's packets may come as ICMP"),
  fwknop_any_user_agent: optional(yesNo, false, 'yes: such requests may be of other programs than fwknop'),
  fwknop_forwarded_for: optional(yesNo, false, 'yes: such a request may name its source in X-Forwarded-For'),
  audit: optional(
    auditSinks,
    ['file'],
    'where each decision leaves a line: file, syslog, journald, or several of them',
  ),
  audit_log: optional(absolutePath, DEFAULT_AUDIT_LOG, 'the file that gets one JSON line a decision'),
  metrics_file: maybe(
    promPath,
    "the file that gets the metrics, for node_exporter's textfile collector (docs/metrics.md)",
  ),
  metrics_every: optional(duration(1, 3600), seconds(15), 'how often that file is written'),
  syslog_socket: optional(socketPath, '/dev/log', 'where audit = syslog sends its lines (RFC 5424)'),
} as const;

export type DaemonValues = ValuesOf<typeof daemonDirectives>;
