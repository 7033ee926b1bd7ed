/** knockd.conf as a spad.conf with the same doors, and what became of each of its lines. */
import { decodeUtf8 } from '../bytes/encoding.ts';
import { printable } from '../base/printable.ts';
import { formatDuration, seconds } from '../base/units.ts';
import { cTrim, cUpper } from '../knock/c-text.ts';
import { type Door, type DoorField, type KnockStep, TCP_FLAG_BITS } from '../knock/door.ts';
import { daemonDirectives } from './daemon-directives.ts';
import type { Issue } from './issue.ts';
import { DOOR_KEYS, type KnockdConf, parseKnockdConf } from './knockd-conf.ts';
import { iniLine, type ReportLine, sortReport } from './report.ts';

export interface KnockdSource {
  /** The file's bytes, one character each (ISO 8859-1). */
  readonly text: string;
  readonly path: string;
  /** The name of the server in spad.conf. */
  readonly name: string;
}

export interface KnockdConversion {
  /** Undefined where there is an error among the issues. */
  readonly text: string | undefined;
  readonly report: readonly ReportLine[];
  readonly issues: readonly Issue[];
}

/** Converts one knockd.conf. A door that spad.conf cannot say is left out, and the report says so. */
export const importKnockd = ({ text, path, name }: KnockdSource): KnockdConversion => {
  const reading = parseKnockdConf(text, path);
  if (!reading.ok) {
    const problem = reading.error.message.replace(/^config: line [0-9]+: /, '').replaceAll('\n', '; ');
    const issue = { severity: 'error', file: path, line: reading.error.line, problem } as const;
    return { text: undefined, report: [], issues: [{ ...issue, hint: 'knockd would not start with it either' }] };
  }
  const named = nameDoors(reading.value.doors);
  const head = `# Converted from knockd.conf. Doors open without guard = …, as with knockd.\n[spad]\n${iniLine('name', name)}\n`;
  const device = deviceOf(reading.value);
  const sections = named.flatMap(({ door, name: own }) =>
    faultOf(door) === undefined ? [doorSection(door, own)] : [],
  );
  const body = [`${head}${device === undefined ? '' : `${iniLine('interface', device)}\n`}`, ...sections].join('\n');
  return { text: body, report: sortReport(reportOf(text, path, reading.value, named)), issues: [] };
};

/** Undefined where there is none, and where no interface can have this name. */
const deviceOf = ({ options }: KnockdConf): string | undefined => {
  const device = daemonDirectives.interface.parse(options.interface ?? '');
  return device.ok ? device.value : undefined;
};

interface NamedDoor {
  readonly door: Door;
  /** That of its section in spad.conf. */
  readonly name: string;
}

/** knockd takes any name, and one name for several doors. */
const nameDoors = (doors: readonly Door[]): readonly NamedDoor[] => {
  const taken = new Set<string>();
  return doors.map((door) => {
    const plain = door.name.replace(/[^A-Za-z0-9._@-]+/g, '-').slice(0, 60) || 'door';
    let name = plain;
    for (let count = 2; taken.has(name); count += 1) name = `${plain}-${String(count)}`;
    taken.add(name);
    return { door, name };
  });
};

/** Why spad.conf cannot say it; undefined where it can. */
const faultOf = (door: Door): string | undefined => {
  if (door.steps.some(({ port }) => port === 0))
    return 'a port of its sequence is 0 or no number; no such knock can be sent on purpose';
  if (door.seqTimeout < 1 && door.steps.length !== 1) return 'with this seq_timeout it never opens';
  if (door.target !== undefined && door.targetAddress === undefined) return 'its target is no address';
  if (door.startCommand === undefined && door.startCommand6 === undefined) return 'it has no command, and does nothing';
  if (door.seqTimeout > MAX_TIME || door.cmdTimeout > MAX_TIME) return 'a timeout is longer than a year';
  const texts = [door.oneTimeFile, door.startCommand, door.startCommand6, door.stopCommand, door.stopCommand6];
  if (texts.some((bytes) => bytes !== undefined && textOf(bytes) === undefined))
    return 'a command or path is not UTF-8 text';
  return door.oneTimeFile?.startsWith('/') === false ? 'the path of its one-time sequences is relative' : undefined;
};

const MAX_TIME = 365 * 86_400;

const textOf = (bytes: string): string | undefined => decodeUtf8(Uint8Array.from(bytes, (char) => char.charCodeAt(0)));

const stepText = ({ protocol, port }: KnockStep): string => `${String(port)}${protocol === 'udp' ? ':udp' : ''}`;

const doorSection = (door: Door, name: string): string => {
  const settings: readonly (readonly [string, string | undefined])[] = [
    ['sequence', door.oneTimeFile === undefined ? door.steps.map(stepText).join(',') : undefined],
    ['one_time_sequences', door.oneTimeFile && textOf(door.oneTimeFile)],
    // A single knock is a whole sequence, whatever the time.
    ['seq_timeout', formatDuration(seconds(Math.max(1, door.seqTimeout)))],
    ['tcpflags', flagsText(door)],
    ['target', door.target],
    ['start_command', commandText(door.startCommand)],
    ['start_command_6', commandText(door.startCommand6)],
    ...stopSettings(door),
  ];
  const lines = settings.flatMap(([key, value]) => (value === undefined ? [] : [iniLine(key, value)]));
  return [`[door ${name}]`, ...lines, ''].join('\n');
};

const commandText = (bytes: string | undefined): string | undefined =>
  bytes === undefined ? undefined : textOf(bytes);

/** A negative time is for ever: then no stop command runs. */
const stopSettings = (door: Door): readonly (readonly [string, string | undefined])[] =>
  door.cmdTimeout < 0
    ? []
    : [
        ['cmd_timeout', formatDuration(seconds(door.cmdTimeout))],
        ['stop_command', commandText(door.stopCommand)],
        ['stop_command_6', commandText(door.stopCommand6)],
      ];

const flagsText = ({ tcpFlags }: Door): string | undefined =>
  tcpFlags &&
  Object.entries(TCP_FLAG_BITS)
    .filter(([, bit]) => (tcpFlags.mask & bit) !== 0)
    .map(([flag, bit]) => ((tcpFlags.value & bit) === 0 ? `!${flag}` : flag))
    .join(',');

/** Why an option of knockd means nothing in spad.conf. */
const OPTIONS: Readonly<Record<string, string>> = {
  USESYSLOG: 'spad writes to standard error, which systemd puts into its journal, and to its audit log',
  LOGFILE: 'spad writes to its audit log, audit_log',
  PIDFILE: 'spad stays in the foreground, and its state_dir lets no second one in',
};

/** The names of {@link DoorField} in spad.conf. */
const KEPT_AS: Readonly<Record<DoorField, string>> = {
  steps: 'sequence',
  oneTimeFile: 'one_time_sequences',
  seqTimeout: 'seq_timeout',
  tcpFlags: 'tcpflags',
  target: 'target',
  startCommand: 'start_command',
  startCommand6: 'start_command_6',
  cmdTimeout: 'cmd_timeout',
  stopCommand: 'stop_command',
  stopCommand6: 'stop_command_6',
};

const reportOf = (text: string, path: string, conf: KnockdConf, named: readonly NamedDoor[]): ReportLine[] => {
  let door: NamedDoor | undefined;
  let hasInterface = false;
  const notes: ReportLine[] =
    conf.options.interface === undefined
      ? [
          {
            file: path,
            line: 0,
            fate: 'dropped',
            what: 'Interface',
            how: 'unset it is any here, where knockd takes eth0',
          },
        ]
      : [];
  const lines = text.split('\n').flatMap((raw, index): ReportLine[] => {
    const line = index + 1;
    // As knockd reads it: a NUL ends a line.
    const content = cTrim(raw.split('\0', 1)[0] ?? '');
    const place = { file: path, line };
    if (content === '' || content.startsWith('#')) return [];
    if (content.startsWith('[')) {
      door = named.find((one) => one.door.line === line);
      return door === undefined ? [] : [doorLine(door, path)];
    }
    const key = printable(cUpper(cTrim(content.split('=', 1)[0] ?? '')), 40);
    const dropped = OPTIONS[key];
    if (dropped !== undefined) return [{ ...place, fate: 'dropped', what: key, how: dropped }];
    if (door !== undefined) return [fieldLine(door, key, line, path)];
    const again = hasInterface;
    hasInterface = true;
    if (again) return [{ ...place, what: key, fate: 'dropped', how: 'the first one counts' }];
    return deviceOf(conf) === undefined
      ? [{ ...place, what: key, fate: 'needs-you', how: 'no interface can have this name; set interface' }]
      : [{ ...place, what: key, fate: 'kept', how: 'interface' }];
  });
  return [...notes, ...lines];
};

const doorLine = ({ door, name }: NamedDoor, file: string): ReportLine => {
  const fault = faultOf(door);
  const place = { file, line: door.line, what: 'door' } as const;
  return fault === undefined
    ? { ...place, fate: 'kept', how: `[door ${name}]` }
    : { ...place, fate: 'needs-you', how: `it is left out: ${fault}` };
};

const fieldLine = ({ door, name }: NamedDoor, key: string, line: number, file: string): ReportLine => {
  const field = DOOR_KEYS[key];
  const place = { file, line, what: key } as const;
  if (field === undefined || faultOf(door) !== undefined)
    return { ...place, fate: 'dropped', how: 'the door is left out' };
  const last = door.lines[field];
  // Flags of several lines add up.
  if (last !== line && field !== 'tcpFlags') return { ...place, fate: 'dropped', how: `line ${String(last)} counts` };
  const isStop = ['cmdTimeout', 'stopCommand', 'stopCommand6'].includes(field);
  if (isStop && door.cmdTimeout < 0)
    return { ...place, fate: 'dropped', how: 'the time is negative: no stop command runs' };
  if (field === 'steps' && door.oneTimeFile !== undefined)
    return { ...place, fate: 'dropped', how: 'the one-time sequences count' };
  return { ...place, fate: 'kept', how: `${KEPT_AS[field]} in [door ${name}]` };
};
