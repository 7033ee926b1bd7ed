/** spad on fwknop's own files, without a spad.conf: what they do not say comes from the command line, or is the default. */
import { formatPortSpec, normalizePorts, type PortSpec } from '../src/base/port-spec.ts';
import { daemonDirectives } from '../src/config/daemon-directives.ts';
import { readSection } from '../src/config/directive.ts';
import { readFirewall } from '../src/config/firewall-section.ts';
import type { FwknopEntry } from '../src/config/fwknop/access-conf.ts';
import { hasErrors, type Issue } from '../src/config/issue.ts';
import type { BackendName } from '../src/firewall/backends.ts';
import { completeConfiguration, type ConfigurationReading, type ConfigurationSource } from './load-config.ts';
import { type FwknopLoading, loadFwknop } from './load-fwknop.ts';

/** As on the command line; values are checked as those of spad.conf are. */
export interface FwknopModeOptions {
  readonly access: string | undefined;
  readonly config: string | undefined;
  readonly overrides: readonly string[];
  readonly allowNoHmac: boolean;
  readonly dryRun: boolean;
  /** By their names in `[spad]`. */
  readonly settings: Readonly<Partial<Record<'guard' | 'state_dir' | 'audit_log' | 'interface', string>>>;
}

export const fwknopMode = (options: FwknopModeOptions): ConfigurationSource => ({
  shown: options.access ?? options.config ?? 'access.conf',
  load: (auto) => load(options, auto),
});

const load = (options: FwknopModeOptions, auto: BackendName | undefined): ConfigurationReading => {
  const issues: Issue[] = [];
  const { access, config, overrides, allowNoHmac } = options;
  const loading = loadFwknop(
    {
      ...{ access, config, overrides, allowUnauthenticated: allowNoHmac },
      askForUnauthenticated: 'start spad with --fwknop-allow-no-hmac',
    },
    issues,
  );
  if (loading === undefined || hasErrors(issues)) return { configuration: undefined, issues };
  const file =
    options.access ?? ('file' in loading.conf.access ? loading.conf.access.file : loading.conf.access.folder);
  const guard = options.settings.guard ?? guardFor(loading.entries, file, issues);
  const entries = Object.entries({ ...settingsFor(loading, options), guard });
  const section = { name: 'spad', line: 0, entries: entries.map(([key, value]) => ({ key, value, line: 0 })) };
  const daemon = readSection(daemonDirectives, section, 'command line', issues);
  if (daemon?.capture === 'file' && !options.dryRun)
    issues.push({
      ...{ severity: 'error', file: config ?? file, line: 0, problem: 'PCAP_FILE with a real firewall' },
      hint: 'packets from a file may be old; add --dry-run',
    });
  if (daemon === undefined) return { configuration: undefined, issues };
  const firewall = readFirewall(daemon, section, file, issues);
  return completeConfiguration({ daemon, firewall, access: [], fwknop: [], doors: [] }, loading, file, issues, auto);
};

const settingsFor = (
  { conf }: FwknopLoading,
  { settings, dryRun }: FwknopModeOptions,
): Readonly<Record<string, string>> => ({
  // No packet of fwknop's bears the name of a server.
  name: 'fwknop',
  interface: conf.interface,
  port: String(conf.port),
  capture: conf.capture,
  ...(conf.captureFile === undefined ? {} : { capture_file: conf.captureFile }),
  ...(dryRun ? { firewall: 'dry-run' } : {}),
  ...settings,
});

/**
 * All ports that stanzas name. fwknop puts its rules into the table whose policy drops; a grant of ours cannot overrule a
 * drop in another table, so what is to open must be closed by us.
 */
const guardFor = (entries: readonly FwknopEntry[], file: string, issues: Issue[]): string => {
  const warn = (line: number, problem: string, hint: string): void => {
    issues.push({ severity: 'warning', file, line, problem, hint });
  };
  const stanzas = entries.map(({ client }) => client.stanza);
  const ports: readonly PortSpec[] = normalizePorts(
    stanzas.flatMap(({ openPorts, cycle }) => (cycle === undefined ? (openPorts ?? []) : [])),
  );
  const text = ports.map(formatPortSpec).join(', ');
  const own =
    'where a firewall of your own drops them, let it accept them: spad keeps them closed to all who hold no grant';
  if (text === '')
    warn(0, 'nothing is guarded: no stanza names OPEN_PORTS', '--guard tcp/22 closes port 22 to all who hold no grant');
  else warn(0, `guarding ${text}, the OPEN_PORTS of all stanzas`, `${own}; --guard names others`);
  for (const { client } of entries.filter(
    ({ client: { stanza } }) => stanza.openPorts === undefined && stanza.cycle === undefined,
  )) {
    const hint = 'set OPEN_PORTS, or name with --guard all that is to be closed until then';
    warn(0, `${client.stanza.name} lets any port be asked for; a grant opens only what is guarded`, hint);
  }
  return text;
};
