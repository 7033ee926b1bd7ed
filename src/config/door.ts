/** `[door NAME]` of spad.conf (docs/configuration.md): knockd's keys, and what knockd lacks. */
import { parseAddress, parseCidr } from '../base/address.ts';
import { HmacKey } from '../crypto/hmac.ts';
import type { Secret } from '../crypto/secret.ts';
import { printable } from '../base/printable.ts';
import { err, ok, type Result } from '../base/result.ts';
import { parseDuration, parsePort, seconds } from '../base/units.ts';
import {
  DEFAULT_CMD_TIMEOUT,
  DEFAULT_SEQ_TIMEOUT,
  type Door,
  type KnockStep,
  MAX_STEPS,
  TCP_FLAG_BITS,
  type TcpFlags,
} from '../knock/door.ts';
import type { DoorRule, OpenRate } from '../knock/door-rule.ts';
import {
  DEFAULT_TIMED_COUNT,
  DEFAULT_TIMED_RANGE,
  deriveTimedKey,
  type PortRange,
  timedShapeProblem,
} from '../knock/timed-sequence.ts';
import { PLAIN_TERMS } from '../access/terms.ts';
import { maybe, maybeSecret, one, optional, readSection, type ValuesOf, yesNo } from './directive.ts';
import type { IniSection } from './ini-file.ts';
import type { Issue } from './issue.ts';
import { termsDirectives, termsOf } from './terms.ts';
import { absolutePath, cidrs, duration, ports, secret, wholeNumber } from './values.ts';

const MAX_TIME = 365 * 86_400;
const MAX_OPENS = 10_000;
const ANYWHERE = ['0.0.0.0/0', '::/0'].map(parseCidr).filter((cidr) => cidr !== undefined);

/** Unlike knockd, which takes text for port 0 and wraps numbers, only what is a port. */
const sequence = (text: string): Result<readonly KnockStep[], string> => {
  const steps = text.split(',').map((part) => parseStep(part.trim()));
  const known = steps.filter((step) => step !== undefined);
  if (known.length !== steps.length) return err('ports from 1 to 65535 such as 7000,8000:udp,9000');
  return known.length > MAX_STEPS ? err(`at most ${String(MAX_STEPS)} ports`) : ok(known);
};

const parseStep = (text: string): KnockStep | undefined => {
  const [, digits = '', word = 'tcp'] = /^([0-9]+)\s*(?::\s*([A-Za-z]+))?$/.exec(text) ?? [];
  const port = parsePort(digits);
  const protocol = (['tcp', 'udp'] as const).find((name) => name === word.toLowerCase());
  return port === undefined || protocol === undefined ? undefined : { protocol, port };
};

const tcpFlags = (text: string): Result<TcpFlags, string> => {
  let [mask, value] = [0, 0];
  for (const part of text.split(',')) {
    const word = part.trim().toLowerCase();
    const name = word.replace(/^!/, '');
    const bit = Object.entries(TCP_FLAG_BITS).find(([known]) => known === name)?.[1];
    if (bit === undefined)
      return err(`flags such as syn,!ack; known are ${Object.keys(TCP_FLAG_BITS).join(', ')}, with ! for "not set"`);
    if ((mask & bit) !== 0) return err(`name ${name} once`);
    mask |= bit;
    if (!word.startsWith('!')) value |= bit;
  }
  return ok({ mask, value });
};

const rate = one((text): OpenRate | undefined => {
  const [, count = '', time = ''] = /^([0-9]{1,5})\s*\/\s*(\S+)$/.exec(text) ?? [];
  const [opens, window] = [Number(count), parseDuration(time)];
  if (window === undefined || window < 1 || window > MAX_TIME || opens < 1 || opens > MAX_OPENS) return undefined;
  return { opens, window };
}, 'so many opens in so long, such as 3/1m');

const portRange = one((text): PortRange | undefined => {
  const [low, high, ...rest] = text.split('-').map((part) => parsePort(part.trim()));
  return low === undefined || high === undefined || rest.length > 0 || low > high ? undefined : { low, high };
}, 'ports such as 10000-59999');

const address = one(parseAddress, 'an address such as 192.0.2.1 or 2001:db8::1');

/** A command is bytes, one character each, as everywhere behind a {@link Door}. */
const command = (text: string): Result<string, string> =>
  ok(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(''));

const pathOfSequences = (text: string): Result<string, string> => {
  const path = absolutePath(text);
  return path.ok ? command(path.value) : path;
};

export const doorDirectives = {
  sequence: maybe(sequence, 'the ports in their order, 7000,8000:udp,9000; tcp unless told'),
  one_time_sequences: maybe(pathOfSequences, 'a file of sequences, one a line, of which each opens once'),
  sequence_secret: maybeSecret(
    secret,
    'a secret that the sequence follows from, another one each minute; base64 of 32 bytes',
  ),
  sequence_secret_file: maybe(absolutePath, 'a file that holds that secret alone, mode 0600'),
  sequence_count: optional(wholeNumber(1, MAX_STEPS), DEFAULT_TIMED_COUNT, 'how many knocks such a sequence has'),
  sequence_range: optional(portRange, DEFAULT_TIMED_RANGE, 'the ports that such a sequence takes'),
  seq_timeout: optional(
    duration(1, MAX_TIME),
    seconds(DEFAULT_SEQ_TIMEOUT),
    'how long a sequence may take from its first knock',
  ),
  tcpflags: maybe(tcpFlags, 'flags that a TCP knock must have (syn) and must not have (!ack)'),
  target: maybe(address, "the destination that knocks go to, instead of the host's own addresses"),
  open: optional(ports, [], 'ports to open for the knocker, by a grant that the kernel ends'),
  open_for: optional(duration(1, MAX_TIME), seconds(30), 'how long those ports stay open'),
  ...termsDirectives,
  start_command: maybe(command, 'what to run when the door opens; %IP% is the knocker'),
  command: maybe(command, 'the same as start_command'),
  start_command_6: maybe(command, 'the same for a knocker with IPv6; start_command if absent, nothing if empty'),
  command_6: maybe(command, 'the same as start_command_6'),
  cmd_timeout: optional(
    duration(0, MAX_TIME),
    seconds(DEFAULT_CMD_TIMEOUT),
    'the wait from the end of start_command to stop_command',
  ),
  stop_command: maybe(command, 'what to run then'),
  stop_command_6: maybe(command, 'the same for a knocker with IPv6; stop_command if absent'),
  strict: optional(yesNo, false, "yes: a knock at any other port of this host starts the knocker's sequence over"),
  source: optional(cidrs, ANYWHERE, 'where a knocker may come from'),
  rate: maybe(rate, 'opens at most, from whatever addresses: 3/1m is three a minute'),
} as const;

type DoorValues = ValuesOf<typeof doorDirectives>;

/** A door, and where its secret is if it has one; {@link withSecret} makes it whole. */
export interface DoorEntry {
  readonly rule: DoorRule;
  readonly timed: TimedEntry | undefined;
  readonly line: number;
}

interface TimedEntry {
  readonly key: { readonly secret: Secret } | { readonly file: string };
  readonly count: number;
  readonly range: PortRange;
}

/** Reads one section; `name` is its own. Every problem is added to `issues`. */
export const readDoor = (name: string, section: IniSection, file: string, issues: Issue[]): DoorEntry | undefined => {
  const values = readSection(doorDirectives, section, file, issues);
  if (values === undefined) return undefined;
  const before = issues.length;
  checkDoor(values, section, (problem, hint) => {
    issues.push({
      severity: 'error',
      file,
      line: section.line,
      problem: `[${printable(section.name)}] ${problem}`,
      hint,
    });
  });
  if (issues.length > before) return undefined;
  return { rule: ruleOf(name, values, section), timed: timedOf(values), line: section.line };
};

const SEQUENCE_KEYS = ['sequence', 'one_time_sequences', 'sequence_secret', 'sequence_secret_file'] as const;

const checkDoor = (
  values: DoorValues,
  section: IniSection,
  complain: (problem: string, hint: string) => void,
): void => {
  const has = (key: keyof DoorValues): boolean => section.entries.some((entry) => entry.key === key);
  const kinds = SEQUENCE_KEYS.filter(has);
  if (kinds.length === 0) complain('has no sequence', 'sequence = 7000,8000:udp,9000');
  if (kinds.length > 1) complain(`has both "${kinds.join('" and "')}"`, 'a door has one kind of sequence; keep one');
  const isTimed = has('sequence_secret') || has('sequence_secret_file');
  if (!isTimed && (has('sequence_count') || has('sequence_range')))
    complain('has sequence_count or sequence_range without a secret', 'sequence_secret_file = /etc/spad/keys/door');
  const shape = timedShapeProblem(values.sequence_count, values.sequence_range);
  if (isTimed && shape !== undefined) complain(`has a sequence that cannot be: ${shape}`, 'widen sequence_range');
  for (const key of ['command', 'command_6'] as const)
    if (has(key) && has(`start_${key}`)) complain(`has both "${key}" and "start_${key}"`, 'the two are one; keep one');
  const starts = (['start_command', 'command', 'start_command_6', 'command_6'] as const).some(has);
  if (values.open.length === 0 && !starts)
    complain('opens nothing and runs nothing', 'open = tcp/22, or start_command = …');
  if (values.open.length === 0 && has('open_for')) complain('has open_for without "open"', 'open = tcp/22');
  for (const key of ['while_connected', 'drop_on_expiry'] as const)
    if (values.open.length === 0 && has(key)) complain(`has ${key} without "open"`, 'open = tcp/22');
  if (!starts && (has('stop_command') || has('stop_command_6')))
    complain('has a stop command without a start command', 'it would never run; open = tcp/22 closes by itself');
  if (values.source.length === 0) complain('lets in nobody', 'source = 192.0.2.0/24, or leave it out for everybody');
};

const timedOf = (values: DoorValues): TimedEntry | undefined => {
  const { sequence_secret: own, sequence_secret_file: file, sequence_count: count, sequence_range: range } = values;
  if (own !== undefined) return { key: { secret: own }, count, range };
  return file === undefined ? undefined : { key: { file }, count, range };
};

/** The door whose sequences follow from `known`, under its own name. */
export const withSecret = ({ rule, timed }: DoorEntry, known: Secret): DoorRule => {
  if (timed === undefined) return rule;
  const key = new HmacKey(deriveTimedKey(known, rule.door.name));
  return { ...rule, timed: { key, count: timed.count, range: timed.range } };
};

const ruleOf = (name: string, values: DoorValues, section: IniSection): DoorRule => ({
  door: doorOf(name, values, section),
  open: values.open,
  openFor: values.open_for,
  ...termsOf(values),
  sources: values.source,
  rate: values.rate,
  timed: undefined,
  nextSteps: [],
});

const doorOf = (name: string, values: DoorValues, section: IniSection): Door => {
  const lineOf = (...keys: string[]): number =>
    section.entries.find(({ key }) => keys.includes(key))?.line ?? section.line;
  return {
    name,
    line: section.line,
    lines: {
      steps: lineOf('sequence'),
      oneTimeFile: lineOf('one_time_sequences'),
      startCommand: lineOf('start_command', 'command'),
      startCommand6: lineOf('start_command_6', 'command_6'),
      stopCommand: lineOf('stop_command'),
      stopCommand6: lineOf('stop_command_6'),
      cmdTimeout: lineOf('cmd_timeout'),
      target: lineOf('target'),
      tcpFlags: lineOf('tcpflags'),
    },
    steps: values.sequence ?? [],
    oneTimeFile: values.one_time_sequences,
    seqTimeout: values.seq_timeout,
    tcpFlags: values.tcpflags,
    target: section.entries.find(({ key }) => key === 'target')?.value,
    targetAddress: values.target,
    startCommand: values.start_command ?? values.command,
    startCommand6: values.start_command_6 ?? values.command_6,
    cmdTimeout: values.cmd_timeout,
    stopCommand: values.stop_command,
    stopCommand6: values.stop_command_6,
    strict: values.strict,
  };
};

/** A door of a knockd.conf: what it means there. */
export const plainRule = (door: Door): DoorRule => ({
  door,
  open: [],
  openFor: seconds(0),
  ...PLAIN_TERMS,
  sources: ANYWHERE,
  rate: undefined,
  timed: undefined,
  nextSteps: [],
});
