/**
 * fwknopd.conf and the files that override it, as settings for the daemon. A value that begins with `$OTHER` begins with
 * the value of OTHER, wherever that stands. Unlike fwknopd, which passes over lines that it cannot read, here they are
 * errors; names that it does not know are warnings, as with fwknopd.
 */
import { own } from '../../base/own.ts';
import { printable } from '../../base/printable.ts';
import { nearest } from '../../base/suggest.ts';
import { coversPorts, normalizePorts, type PortSpec } from '../../base/port-spec.ts';
import { DEFAULT_SPA_PORT, type Port } from '../../base/units.ts';
import type { ValuesOf } from '../directive.ts';
import { hasErrors, type Issue } from '../issue.ts';
import type { AccessStart } from './access-files.ts';
import { DAEMON_ALIASES, DAEMON_FATES, fwknopdConfDirectives } from './daemon-variables.ts';
import { type FwknopLine, readLines, tell } from './line.ts';
import type { NatSettings } from './stanza-policy.ts';

/** How packets may come beside UDP to the port: what a receiver is told. */
export interface FwknopWays {
  readonly ports: readonly PortSpec[];
  readonly http: { readonly anyUserAgent: boolean; readonly forwardedFor: boolean } | undefined;
  readonly icmp: boolean;
  readonly tcpServer: Port | undefined;
}

export interface FwknopdConf {
  readonly capture: 'pcap' | 'udp' | 'file';
  readonly captureFile: string | undefined;
  /** `any` or a name. */
  readonly interface: string;
  readonly port: Port;
  readonly transports: FwknopWays;
  /** Milliseconds; infinite where packets do not age. */
  readonly maxAge: number;
  readonly nat: NatSettings;
  readonly access: AccessStart;
  readonly digestFile: string;
  readonly gpgHomeDir: string;
  readonly gpgProgram: string;
}

export interface FwknopdConfReading {
  /** Undefined where there is an error among the issues. */
  readonly conf: FwknopdConf | undefined;
  readonly issues: readonly Issue[];
}

type Values = ValuesOf<typeof fwknopdConfDirectives>;

/** Reads files one after the other, of which the later override; none gives fwknopd's defaults. */
export const parseFwknopdConf = (
  files: readonly { readonly path: string; readonly text: string }[],
): FwknopdConfReading => {
  const issues: Issue[] = [];
  const lines = new Map<string, FwknopLine>();
  for (const { path, text } of files) {
    for (const line of readLines(text, path, issues)) addLine(lines, line, issues);
  }
  const values = readValues(lines, issues);
  const conf = values && configure(values, lines, issues);
  return { conf: hasErrors(issues) ? undefined : conf, issues };
};

const addLine = (lines: Map<string, FwknopLine>, line: FwknopLine, issues: Issue[]): void => {
  const name = line.variable;
  const fate = own(DAEMON_FATES, name);
  const value = line.value.replace(/\s+#.*$/, '').trim();
  if (fate === undefined) {
    const near = nearest(name, Object.keys(DAEMON_FATES));
    const hint = near === undefined ? 'docs/from-fwknop.md has all that are known' : `did you mean ${near}?`;
    tell(issues, line, 'warning', `unknown variable "${printable(name, 40)}" is passed over`, hint);
    return;
  }
  // Of these, too, others may take their beginning.
  lines.set(DAEMON_ALIASES[name] ?? name, { ...line, value });
  if (fate.kind === 'not-needed') tell(issues, line, 'warning', `${name} changes nothing`, fate.because);
  if (fate.kind === 'refused' && !fate.harmless.test(value))
    tell(issues, line, 'error', `${name} ${printable(value, 60)}: ${fate.because}`, fate.instead);
};

const readValues = (lines: ReadonlyMap<string, FwknopLine>, issues: Issue[]): Values | undefined => {
  const values: Record<string, unknown> = {};
  let sound = true;
  for (const [key, { parse, fallback }] of Object.entries(fwknopdConfDirectives)) {
    const line = lines.get(key.toUpperCase());
    if (line === undefined) {
      values[key] = fallback === 'required' ? undefined : fallback.value;
      continue;
    }
    const text = expand(line.value, lines, []);
    const parsed = text === undefined ? undefined : parse(text);
    if (parsed?.ok) values[key] = parsed.value;
    else {
      sound = false;
      const hint = parsed === undefined ? 'a variable behind "$" must be set, and not by itself' : parsed.error;
      tell(issues, line, 'error', `${line.variable} ${printable(line.value, 60)}`, hint);
    }
  }
  return sound ? (values as Values) : undefined;
};

/** Undefined where a variable is not set, or begins with itself. */
const expand = (
  value: string,
  lines: ReadonlyMap<string, FwknopLine>,
  outer: readonly string[],
): string | undefined => {
  const [, name, rest = ''] = /^\$([A-Za-z0-9_]+)(.*)$/.exec(value) ?? [];
  if (name === undefined) return value;
  if (outer.includes(name)) return undefined;
  const beginning = lines.get(name)?.value ?? defaultOf(name);
  const expanded = beginning === undefined ? undefined : expand(beginning, lines, [...outer, name]);
  return expanded === undefined ? undefined : `${expanded}${rest}`;
};

const defaultOf = (name: string): string | undefined => {
  const found = Object.entries(fwknopdConfDirectives).find(([key]) => key.toUpperCase() === name)?.[1].fallback;
  return found !== undefined && found !== 'required' && typeof found.value === 'string' ? found.value : undefined;
};

type Complain = (variable: string, problem: string, hint: string, severity?: Issue['severity']) => void;

const configure = (
  values: Values,
  lines: ReadonlyMap<string, FwknopLine>,
  issues: Issue[],
): FwknopdConf | undefined => {
  const complain: Complain = (variable, problem, hint, severity = 'error') => {
    const line = lines.get(variable);
    if (line !== undefined) tell(issues, line, severity, problem, hint);
  };
  const port = portOf(values);
  const ages = values.enable_spa_packet_aging ?? values.pcap_file === undefined;
  if (!ages) {
    const hint = 'set ENABLE_SPA_PACKET_AGING to Y, unless clients have no clock';
    complain('ENABLE_SPA_PACKET_AGING', 'packets of any age are taken', hint, 'warning');
  }
  if (values.snat_translate_ip !== undefined && !values.enable_ipt_snat)
    complain('SNAT_TRANSLATE_IP', 'SNAT_TRANSLATE_IP without ENABLE_IPT_SNAT', 'set ENABLE_IPT_SNAT to Y', 'warning');
  if (values.enable_udp_server && values.pcap_file !== undefined)
    complain('PCAP_FILE', 'PCAP_FILE and ENABLE_UDP_SERVER', 'remove one of them');
  const { access_file: file, access_folder: folder, fwknop_conf_dir: confDir } = values;
  return {
    capture: values.enable_udp_server ? 'udp' : values.pcap_file === undefined ? 'pcap' : 'file',
    captureFile: values.pcap_file,
    interface: values.pcap_intf,
    port,
    transports: waysOf(values, port, complain),
    maxAge: ages ? values.max_spa_packet_age * 1000 : Number.POSITIVE_INFINITY,
    nat: {
      forward: values.enable_ipt_forwarding,
      local: values.enable_ipt_local_nat,
      targets: undefined,
      source: values.enable_ipt_snat ? (values.snat_translate_ip ?? 'masquerade') : 'client',
      names: values.enable_nat_dns,
    },
    access: folder === undefined ? { file: file ?? `${confDir}/access.conf` } : { folder },
    digestFile: values.digest_file ?? `${values.fwknop_run_dir}/digest.cache`,
    gpgHomeDir: values.gpg_home_dir,
    gpgProgram: values.gpg_exe,
  };
};

const portOf = ({ enable_udp_server: socket, udpserv_port: port, pcap_filter: filter }: Values): Port =>
  socket ? port : udpPortOf(filter?.ports.filter(({ protocol }) => protocol === 'udp') ?? []);

/** The first port that is named by itself; of a range alone, the usual one where it is in there. */
const udpPortOf = (ports: readonly PortSpec[]): Port => {
  const usual = { protocol: 'udp', first: DEFAULT_SPA_PORT, last: DEFAULT_SPA_PORT } as const;
  const [range] = ports;
  const single = ports.find(({ first, last }) => first === last);
  return single?.first ?? (range === undefined || coversPorts(ports, usual) ? DEFAULT_SPA_PORT : range.first);
};

const waysOf = (values: Values, port: Port, complain: Complain): FwknopWays => {
  const { enable_tcp_server: tcp, enable_spa_over_http: http, enable_udp_server: socket, pcap_filter: filter } = values;
  if (socket) {
    const problem = 'ENABLE_UDP_SERVER with another way for packets: they come over UDP alone, as with fwknopd';
    const other = tcp ? 'ENABLE_TCP_SERVER' : http ? 'ENABLE_SPA_OVER_HTTP' : undefined;
    if (other !== undefined) complain(other, problem, 'remove ENABLE_UDP_SERVER', 'warning');
    return { ports: [], http: undefined, icmp: false, tcpServer: undefined };
  }
  const named = (filter?.ports ?? []).filter(
    ({ protocol, first, last }) => protocol === 'tcp' || first !== last || first !== port,
  );
  const server = tcp ? [tcpPort(values.tcpserv_port)] : [];
  // A request of HTTP comes to a TCP port; where the files name none, to the number that there is.
  const reached = [...named, ...server].some(({ protocol }) => protocol === 'tcp');
  return {
    ports: normalizePorts([...named, ...server, ...(http && !reached ? [tcpPort(port)] : [])]),
    http: http ? { anyUserAgent: values.allow_any_user_agent, forwardedFor: values.enable_x_forwarded_for } : undefined,
    icmp: filter?.icmp === true,
    tcpServer: tcp ? values.tcpserv_port : undefined,
  };
};

const tcpPort = (port: Port): PortSpec => ({ protocol: 'tcp', first: port, last: port });
