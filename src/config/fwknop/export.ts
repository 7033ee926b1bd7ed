/** fwknop's clients and settings as sections of spad.conf, which read back as the same. */
import type { FwknopStanza } from '../../access/fwknop-stanza.ts';
import { type Cidr, formatAddress, formatCidr } from '../../base/address.ts';
import { comparePortSpec, formatPortSpec, type PortSpec } from '../../base/port-spec.ts';
import { formatDuration, seconds, type UnixMs } from '../../base/units.ts';
import { encodeBase64 } from '../../bytes/encoding.ts';
import { ANYWHERE } from './values.ts';
import { iniLine } from '../report.ts';
import type { FwknopEntry } from './access-conf.ts';
import type { FwknopdConf } from './fwknopd-conf.ts';

type Settings = readonly (readonly [key: string, value: string | undefined])[];

const yes = (is: boolean): string | undefined => (is ? 'yes' : undefined);

const section = (name: string, settings: Settings): string =>
  [`[${name}]`, ...settings.flatMap(([key, value]) => (value === undefined ? [] : [iniLine(key, value)])), ''].join(
    '\n',
  );

const portsText = (ports: readonly PortSpec[]): string => ports.map(formatPortSpec).join(', ');

const cidrsText = (cidrs: readonly Cidr[]): string | undefined => {
  const text = cidrs.map(formatCidr).join(', ');
  return text === ANYWHERE.map(formatCidr).join(', ') ? undefined : text;
};

/** To the second, which is what fwknop's files can say. */
const instant = (time: UnixMs): string => new Date(time).toISOString().replace(/\.[0-9]+Z$/, 'Z');

/** `[spad]`: what fwknopd.conf says, under the name `name`; `guard` are the ports to close. */
export const daemonSection = (
  conf: FwknopdConf,
  name: string,
  guard: readonly PortSpec[],
  digestCache: string | undefined,
): string => {
  const { http, ports, icmp, tcpServer } = conf.transports;
  const isServer = ({ protocol, first }: PortSpec): boolean => protocol === 'tcp' && first === tcpServer;
  const more = ports.filter((spec) => !isServer(spec)).sort(comparePortSpec);
  return section('spad', [
    ['name', name],
    ['interface', conf.interface],
    ['port', String(conf.port)],
    ['capture', conf.capture],
    ['capture_file', conf.captureFile],
    ['firewall', conf.captureFile === undefined ? undefined : 'dry-run'],
    ['guard', guard.length === 0 ? undefined : portsText(guard)],
    ['fwknop_max_age', Number.isFinite(conf.maxAge) ? formatDuration(seconds(conf.maxAge / 1000)) : 'never'],
    ['fwknop_digest_cache', digestCache],
    ['fwknop_ports', more.length === 0 ? undefined : portsText(more)],
    ['fwknop_tcp', yes(tcpServer !== undefined)],
    ['fwknop_tcp_port', tcpServer === undefined || tcpServer === conf.port ? undefined : String(tcpServer)],
    ['fwknop_http', yes(http !== undefined)],
    ['fwknop_icmp', yes(icmp)],
    ['fwknop_any_user_agent', yes(http?.anyUserAgent === true)],
    ['fwknop_forwarded_for', yes(http?.forwardedFor === true)],
  ]);
};

/** `[access NAME]` of one stanza. */
export const accessSection = ({ client }: FwknopEntry): string => {
  const { stanza, cipher, gpg, hmac } = client;
  return section(`access ${stanza.name}`, [
    ['format', 'fwknop'],
    ['key_base64', cipher && encodeBase64(cipher.passphrase)],
    ['encryption_mode', cipher?.mode],
    ['hmac_key_base64', hmac && encodeBase64(hmac.key)],
    ['hmac_digest_type', hmac?.type],
    ['allow_unauthenticated', yes(hmac === undefined)],
    ...gpgSettings(gpg),
    ...policySettings(stanza),
    ...natSettings(stanza.nat),
    ...commandSettings(stanza),
  ]);
};

const gpgSettings = (gpg: FwknopEntry['client']['gpg']): Settings =>
  gpg === undefined
    ? []
    : [
        ['gpg_home_dir', gpg.homeDir],
        ['gpg_exe', gpg.program],
        ['gpg_decrypt_id', gpg.recipient],
        ['gpg_decrypt_pw', gpg.password],
        ['gpg_allow_no_pw', yes(gpg.password === undefined)],
        ['gpg_disable_sig', yes(!gpg.requireSignature)],
        ['gpg_ignore_sig_verify_error', yes(gpg.ignoreBadSignature)],
        ['gpg_remote_id', gpg.signerIds.length === 0 ? undefined : gpg.signerIds.join(', ')],
        ['gpg_fingerprint_id', gpg.signerFingerprints.length === 0 ? undefined : gpg.signerFingerprints.join(', ')],
      ];

const policySettings = (stanza: FwknopStanza): Settings => [
  ['allow', stanza.openPorts === undefined ? 'any' : portsText(stanza.openPorts)],
  ['restrict_ports', stanza.restrictPorts.length === 0 ? undefined : portsText(stanza.restrictPorts)],
  ['open_for', formatDuration(stanza.openFor)],
  ['max_open_for', formatDuration(stanza.maxOpenFor)],
  ['source', cidrsText(stanza.sources)],
  // Unlike that of `source`, its default is not "anywhere" but "not looked at".
  ['destination', stanza.destinations?.map(formatCidr).join(', ')],
  ['require_username', stanza.username],
  ['require_address', yes(stanza.requireAddress)],
  ['expires', stanza.expires === undefined ? undefined : instant(stanza.expires)],
];

const natSettings = ({
  forward,
  local,
  names,
  targets,
  source,
  forced,
  disableDnat,
  forwardAll,
}: FwknopStanza['nat']): Settings => [
  ['nat', forward || local ? [...(forward ? ['forward'] : []), ...(local ? ['local'] : [])].join(', ') : undefined],
  ['nat_targets', targets?.map(formatCidr).join(', ')],
  ['nat_names', yes(names)],
  ['forward_source', source === 'client' ? undefined : typeof source === 'string' ? source : formatAddress(source)],
  ['force_nat', forced && `${formatAddress(forced.to)} ${String(forced.port)}`],
  ['disable_dnat', yes(disableDnat)],
  ['forward_all', yes(forwardAll)],
];

const commandSettings = ({ commands, cycle }: FwknopStanza): Settings => {
  const runAs = commands ?? cycle?.runAs;
  return [
    ['enable_cmd_exec', yes(commands !== undefined)],
    ['cmd_exec_user', runAs?.user],
    ['cmd_exec_group', runAs?.group],
    ['enable_cmd_sudo_exec', yes(runAs?.sudo !== undefined)],
    ['cmd_sudo_exec_user', runAs?.sudo?.user],
    ['cmd_sudo_exec_group', runAs?.sudo?.group],
    ['cmd_cycle_open', cycle?.open],
    ['cmd_cycle_close', cycle && (cycle.close ?? 'NONE')],
    ['cmd_cycle_timer', cycle && String(cycle.timer)],
  ];
};
