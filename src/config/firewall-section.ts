/** What `[spad]` says about the firewall: which keys go together, and what the chosen back-end can do of what is asked. */
import { type BackendName, BACKENDS } from '../firewall/backends.ts';
import {
  type CommandPair,
  type CommandPurpose,
  isSinglePort,
  MAX_SINGLE_PORTS,
  parseCommand,
} from '../firewall/command-template.ts';
import { formatPortSpec } from '../base/port-spec.ts';
import { printable } from '../base/printable.ts';
import type { AccessEntry } from './access-section.ts';
import type { DaemonValues } from './daemon-directives.ts';
import { forwardMisfits } from './forward-fit.ts';
import type { FwknopEntry } from './fwknop/access-conf.ts';
import type { IniSection } from './ini-file.ts';
import type { Issue } from './issue.ts';

export interface FirewallConf {
  /** `auto`: what suits the host is chosen at the start (src/firewall/choose.ts). */
  readonly name: BackendName | 'auto';
  /** For `command`, and there whole. */
  readonly commands: CommandPair | undefined;
  /** Where the keys `firewall` and `guard` stand; the section where they do not. */
  readonly line: number;
  readonly guardLine: number;
}

/** The keys that one back-end alone has, and whether it needs them. */
const KEYS = {
  nft_set: { of: 'nft-set', isNeeded: true, example: 'inet filter allowed' },
  open_command: { of: 'command', isNeeded: true, example: '/usr/sbin/ipset -exist add allowed {address}' },
  close_command: { of: 'command', isNeeded: true, example: '/usr/sbin/ipset -exist del allowed {address}' },
  command_shell: { of: 'command', isNeeded: false, example: 'no' },
  command_user: { of: 'command', isNeeded: false, example: 'nobody' },
  command_timeout: { of: 'command', isNeeded: false, example: '10s' },
} as const satisfies Partial<Record<keyof DaemonValues, { of: BackendName; isNeeded: boolean; example: string }>>;

type FirewallKey = keyof typeof KEYS;

/** Reads what the values come to together; every problem is added to `issues`. */
export const readFirewall = (
  daemon: DaemonValues,
  section: IniSection,
  file: string,
  issues: Issue[],
): FirewallConf => {
  const lineOf = (key: string): number | undefined => section.entries.find((entry) => entry.key === key)?.line;
  const complain = (line: number, problem: string, hint: string): unknown =>
    issues.push({ severity: 'error', file, line, problem, hint });
  const line = lineOf('firewall') ?? section.line;
  const given = (Object.keys(KEYS) as FirewallKey[]).filter((key) => lineOf(key) !== undefined);
  const [pointed] = given.map((key) => KEYS[key].of);
  const name = daemon.firewall === 'auto' ? (pointed ?? 'auto') : daemon.firewall;
  for (const key of given.filter((one) => KEYS[one].of !== name)) {
    const hint = `take it out, or set firewall = ${KEYS[key].of}`;
    const because = daemon.firewall === 'auto' ? 'other keys point to' : 'this is';
    complain(lineOf(key) ?? line, `"${key}" goes with firewall = ${KEYS[key].of}, and ${because} ${name}`, hint);
  }
  const needed = (Object.keys(KEYS) as FirewallKey[]).filter((key) => KEYS[key].of === name && KEYS[key].isNeeded);
  for (const key of needed.filter((one) => !given.includes(one) || isEmpty(daemon[one])))
    complain(lineOf(key) ?? line, `firewall = ${name} needs "${key}"`, `such as ${key} = ${KEYS[key].example}`);
  if (daemon.nft_set.length > 2)
    complain(lineOf('nft_set') ?? line, 'nft_set names more than two sets', 'one a family of addresses');
  const commandOf = (purpose: CommandPurpose): CommandPair['open'] | undefined => {
    const text = daemon[purpose];
    if (text === undefined || text === '') return undefined;
    const command = parseCommand(text, purpose, daemon.command_shell);
    if (command.ok) return command.value;
    complain(lineOf(purpose) ?? line, `${purpose} = ${printable(text, 60)}`, command.error);
    return undefined;
  };
  const [open, close] = [commandOf('open_command'), commandOf('close_command')];
  const commands = open === undefined || close === undefined ? undefined : { open, close };
  return { name, commands, line, guardLine: lineOf('guard') ?? line };
};

const isEmpty = (value: unknown): boolean => value === '' || (Array.isArray(value) && value.length === 0);

/** The part of a spad.conf that is about the firewall. */
export interface FirewallUse {
  readonly daemon: Pick<DaemonValues, 'guard'>;
  readonly firewall: FirewallConf;
  readonly access: readonly AccessEntry[];
  readonly fwknop: readonly FwknopEntry[];
}

/** What `name` cannot do of what the configuration asks; it is the one that is configured, or that auto has come to. */
export const checkBackend = (conf: FirewallUse, name: BackendName, file: string): readonly Issue[] => {
  const { guards } = BACKENDS[name];
  const named = conf.firewall.name === 'auto' ? `auto, which comes to ${name} here` : name;
  const issues = [...forwardMisfits(name, conf.access, conf.fwknop, file)];
  if (!guards && conf.daemon.guard.length > 0) {
    const problem = `firewall = ${named} closes no port, and "guard" says ${conf.daemon.guard.map(formatPortSpec).join(', ')}`;
    const hint = 'the rules that close these ports must be your own; "guard" only says here that they do';
    issues.push({ severity: 'warning', file, line: conf.firewall.guardLine, problem, hint });
  }
  return [...issues, ...checkSinglePorts(conf, file)];
};

const checkSinglePorts = ({ access, firewall: { commands } }: FirewallUse, file: string): readonly Issue[] => {
  if (commands === undefined || !isSinglePort(commands)) return [];
  return access.flatMap(({ stanza: { name, allow }, line }) => {
    const wide = allow.find(({ first, last }) => last - first >= MAX_SINGLE_PORTS);
    if (wide === undefined) return [];
    const problem = `[access ${name}] allows ${formatPortSpec(wide)}, and the commands say {port}, which is for ${String(MAX_SINGLE_PORTS)} ports at once at most`;
    return [{ severity: 'warning', file, line, problem, hint: '{ports} or {first} and {last} stand for a range' }];
  });
};
