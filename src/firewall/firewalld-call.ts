/** Calls of firewalld over D-Bus (firewalld.dbus(5)) as arguments of dbus-send(1), and what comes back, as it prints it. */
import type { SteadyMs } from '../base/units.ts';
import { formatRule, type ShownRule, type StandingRule, timeoutOf } from './firewalld-rule.ts';

const NAME = 'org.fedoraproject.FirewallD1';
const PATH = '/org/fedoraproject/FirewallD1';

/** How long firewalld may take for one call: it does one thing at a time, and a reload takes it a while. */
export const REPLY_MS = 15_000;

const call = (method: string, ...args: readonly string[]): readonly string[] => [
  ...['--system', '--print-reply', `--reply-timeout=${String(REPLY_MS)}`, `--dest=${NAME}`, PATH],
  ...[`${NAME}.${method}`, ...args],
];

export const defaultZoneCall = (): readonly string[] => call('getDefaultZone');
export const activeZonesCall = (): readonly string[] => call('zone.getActiveZones');
export const allZonesCall = (): readonly string[] => call('zone.getZones');
export const rulesCall = (zone: string): readonly string[] => call('zone.getRichRules', `string:${zone}`);

export const addCall = (rule: StandingRule, now: SteadyMs): readonly string[] =>
  call(
    'zone.addRichRule',
    ...[`string:${rule.zone}`, `string:${formatRule(rule)}`, `int32:${String(timeoutOf(rule.ends, now))}`],
  );

export const removeCall = (rule: ShownRule): readonly string[] =>
  call('zone.removeRichRule', `string:${rule.zone}`, `string:${formatRule(rule)}`);

/** The strings of a reply; with `depth` only those that stand so deep, three spaces a step. */
export const parseStrings = (reply: string, depth?: number): readonly string[] =>
  [...reply.matchAll(/^( +)string "(.*)"$/gm)]
    .filter(([, indent = '']) => depth === undefined || indent.length === 3 * depth)
    .map(([, , text = '']) => text);

/** The names in a reply to {@link activeZonesCall}: a dictionary from names to their interfaces and sources. */
export const parseActiveZones = (reply: string): readonly string[] => parseStrings(reply, 3);

/** Whether a refusal to remove a rule says that it is not there: its time has come, or its zone has gone. */
export const isGone = (message: string): boolean => /\b(?:NOT_ENABLED|INVALID_ZONE)\b/.test(message);

const EXPLANATIONS: readonly (readonly [RegExp, string])[] = [
  [/ServiceUnknown|NameHasNoOwner/, 'firewalld is not running: systemctl start firewalld'],
  [
    /Failed to (?:open connection|connect)/,
    'D-Bus, by which firewalld is spoken to, is not running: systemctl start dbus',
  ],
  [/NoReply|Disconnected/, 'firewalld did not answer; it may be starting or stopping'],
  [/PANIC_MODE/, 'firewalld is in panic mode, which drops everything: firewall-cmd --panic-off'],
  [
    /AccessDenied|NotAuthorized/,
    'firewalld lets only root change it, and nobody who is not on its list while "Lockdown" is on',
  ],
];

/** A sentence for the operator of what dbus-send printed when a call failed. */
export const explainRefusal = (message: string): string =>
  EXPLANATIONS.find(([pattern]) => pattern.test(message))?.[1] ??
  `firewalld refused: ${
    message
      .trim()
      .split('\n')[0]
      ?.replace(/^Error [\w.]+: /, '') ?? ''
  }`;
