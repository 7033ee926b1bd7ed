/** The variables of fwknopd.conf: how each that counts is read, and what becomes of every one. */
import { maybe, one, optional } from '../directive.ts';
import { DEFAULT_SPA_PORT } from '../../base/units.ts';
import { type Fate, honoured, notNeeded, refused } from './fate.ts';
import { readFilter } from './pcap-filter.ts';
import * as value from './values.ts';

const path = one((text) => (text.startsWith('/') ? text : undefined), 'a path that begins with /');

/** Linux: IFNAMSIZ is 16 with the final zero. */
const interfaceName = one(
  (text) => (/^[^\s/]{1,15}$/.test(text) ? text : undefined),
  'any, or the name of one interface such as eth0',
);

/** By their names in lower case. */
export const fwknopdConfDirectives = {
  pcap_intf: optional(interfaceName, 'any', 'the interface; unset it is any, where fwknopd takes eth0'),
  pcap_filter: maybe(readFilter, 'ports for UDP and TCP, and ICMP; a filter that says more is refused'),
  pcap_file: maybe(path, 'a capture file that is read once, with --dry-run'),
  enable_spa_packet_aging: maybe(value.flag, 'N: the time in a packet is not looked at'),
  max_spa_packet_age: optional(value.number(1, 100_000), 120, "seconds that a packet's time may be from this host's"),
  enable_spa_over_http: optional(value.flag, false, 'requests of HTTP are looked into'),
  allow_any_user_agent: optional(value.flag, false, 'those of other programs too'),
  enable_x_forwarded_for: optional(value.flag, false, 'such a request may name its source'),
  enable_tcp_server: optional(value.flag, false, 'packets come over TCP connections, too'),
  tcpserv_port: optional(value.portNumber, DEFAULT_SPA_PORT, 'the port for them'),
  enable_udp_server: optional(value.flag, false, 'a socket instead of a capture'),
  udpserv_port: optional(value.portNumber, DEFAULT_SPA_PORT, 'its port'),
  enable_nat_dns: optional(value.flag, true, 'the host of a NAT request may be a name'),
  enable_ipt_forwarding: optional(value.flag, false, 'clients may ask to be sent on to inner hosts'),
  enable_ipt_local_nat: optional(value.flag, false, 'clients may ask to be sent on to another port of this host'),
  enable_ipt_snat: optional(value.flag, false, "inner hosts see another source than the client's address"),
  snat_translate_ip: maybe(value.host, 'which one, instead of that of this host'),
  fwknop_run_dir: optional(path, '/run/fwknop', 'where DIGEST_FILE is, unless told'),
  fwknop_conf_dir: optional(path, '/etc/fwknop', 'where ACCESS_FILE is, unless told'),
  access_file: maybe(path, 'access.conf, unless --fwknop-access names it'),
  access_folder: maybe(path, 'a folder of such files instead'),
  digest_file: maybe(path, 'packets that fwknopd has seen: they are refused'),
  gpg_home_dir: optional(path, '/root/.gnupg', "GnuPG's folder of keys, for stanzas that name none"),
  gpg_exe: optional(path, '/usr/bin/gpg', "GnuPG's program, for stanzas that name none"),
} as const;

/** Builds of fwknopd for firewalld have the same settings under other names. */
const FIREWALLD_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  ['ENABLE_@_FORWARDING', 'ENABLE_@_LOCAL_NAT', 'ENABLE_@_SNAT'].map((name) => [
    name.replace('@', 'FIREWD'),
    name.replace('@', 'IPT'),
  ]),
);

export const DAEMON_ALIASES = FIREWALLD_NAMES;

const NO_LOOP = notNeeded('packets are dealt with as they come, there is no loop to tune');
const OWN_TABLE = notNeeded('grants are in an nftables table of their own, "inet spad"');
const STAYS = notNeeded('grants outlive a restart and end on time; `spad flush` removes them');
const OTHER_FIREWALL = notNeeded("it is about another system's firewall");
const NO_QUEUE = notNeeded('it is about ENABLE_NFQ_CAPTURE');
const JOURNAL = notNeeded('spad writes to standard error, which systemd puts into its journal, and to its audit log');
const OUTPUT = refused(
  'spad leaves outgoing packets alone',
  'remove it, and let the answers of established connections pass where your OUTPUT policy drops',
);

const each = (fate: Fate, ...names: readonly string[]): Readonly<Record<string, Fate>> =>
  Object.fromEntries(names.map((name) => [name, fate]));

const chains = (prefix: string): readonly string[] =>
  ['INPUT', 'OUTPUT', 'FORWARD', 'DNAT', 'SNAT', 'MASQUERADE'].map((chain) => `${prefix}_${chain}_ACCESS`);

/** Every variable there is, in fwknop's spelling. */
export const DAEMON_FATES: Readonly<Record<string, Fate>> = {
  ...Object.fromEntries(
    Object.entries(fwknopdConfDirectives).map(([key, { doc }]) => [key.toUpperCase(), honoured(doc)] as const),
  ),
  ...Object.fromEntries(
    Object.entries(DAEMON_ALIASES).map(([name, same]) => [name, honoured(`another name for ${same}`)] as const),
  ),
  ...each(
    notNeeded('what is addressed to this host is seen without it'),
    'ENABLE_PCAP_PROMISC',
    'ENABLE_PCAP_ANY_DIRECTION',
  ),
  MAX_SNIFF_BYTES: notNeeded('packets are captured whole'),
  ...each(NO_LOOP, 'PCAP_DISPATCH_COUNT', 'PCAP_LOOP_SLEEP', 'UDPSERV_SELECT_TIMEOUT'),
  EXIT_AT_INTF_DOWN: notNeeded('spad waits for the interface and goes on'),
  ENABLE_DIGEST_PERSISTENCE: notNeeded('packets are remembered always, on disk'),
  DIGEST_DB_FILE: notNeeded('it is a database of other builds of fwknopd, which is not read'),
  RULES_CHECK_THRESHOLD: notNeeded('the kernel itself ends grants'),
  ENABLE_NFQ_CAPTURE: refused('spad takes no packets from a queue', 'remove it: spad sniffs them on PCAP_INTF'),
  ...each(NO_QUEUE, ...['NFQ_INTERFACE', 'NFQ_PORT', 'NFQ_TABLE', 'NFQ_CHAIN', 'NFQ_QUEUE_NUMBER', 'NFQ_LOOP_SLEEP']),
  ENABLE_DESTINATION_RULE: refused(
    'a grant holds for all addresses of this host',
    'remove it, and where a stanza is meant for one address, give it DESTINATION',
  ),
  ENABLE_RULE_PREPEND: OWN_TABLE,
  ...each(OUTPUT, 'ENABLE_IPT_OUTPUT', 'ENABLE_FIREWD_OUTPUT'),
  ...each(STAYS, 'FLUSH_IPT_AT_INIT', 'FLUSH_IPT_AT_EXIT', 'FLUSH_FIREWD_AT_INIT', 'FLUSH_FIREWD_AT_EXIT'),
  ...each(OWN_TABLE, ...chains('IPT'), ...chains('FIREWD'), 'ENABLE_IPT_COMMENT_CHECK', 'ENABLE_FIREWD_COMMENT_CHECK'),
  ...each(
    OTHER_FIREWALL,
    ...['IPFW_START_RULE_NUM', 'IPFW_MAX_RULES', 'IPFW_ACTIVE_SET_NUM', 'IPFW_EXPIRE_SET_NUM'],
    ...['IPFW_EXPIRE_PURGE_INTERVAL', 'IPFW_ADD_CHECK_STATE', 'FLUSH_IPFW_AT_INIT', 'FLUSH_IPFW_AT_EXIT'],
    ...['PF_ANCHOR_NAME', 'PF_EXPIRE_INTERVAL'],
  ),
  FWKNOP_PID_FILE: notNeeded('spad stays in the foreground, and its state_dir lets no second one in'),
  SUDO_EXE: notNeeded('sudo is looked for in PATH'),
  FIREWALL_EXE: notNeeded('spad talks to nftables'),
  LOCALE: notNeeded('spad writes English'),
  ...each(JOURNAL, 'SYSLOG_IDENTITY', 'SYSLOG_FACILITY', 'VERBOSE'),
  CMD_EXEC_TIMEOUT: notNeeded('fwknopd does not use it either'),
  FAULT_INJECTION_TAG: notNeeded('it is about test builds of fwknopd'),
};
