/**
 * `knockd.conf`, read as knockd 0.8 reads it: line by line, and the first error ends it, told in knockd's words. It is
 * not an INI file in the sense of spad.conf: `;` and quotes are ordinary, `#` counts at the start of a line only.
 */
import { parseAddress } from '../base/address.ts';
import { err, ok, type Result } from '../base/result.ts';
import { atoi, cTrim, cUpper } from '../knock/c-text.ts';
import {
  DEFAULT_CMD_TIMEOUT,
  DEFAULT_SEQ_TIMEOUT,
  type Door,
  type DoorField,
  formatSteps,
  type KnockStep,
  TCP_FLAG_BITS,
} from '../knock/door.ts';
import { parseSequence } from '../knock/sequence.ts';

export interface KnockdOptions {
  readonly useSyslog: boolean;
  readonly logFile: string | undefined;
  readonly pidFile: string | undefined;
  readonly interface: string | undefined;
}

export interface KnockdConf {
  readonly options: KnockdOptions;
  /** In the order of the file, which is the order in which they are tried. */
  readonly doors: readonly Door[];
}

export interface KnockdConfError {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What knockd prints; one or more lines, none of them with the file's name. */
  readonly message: string;
}

export interface KnockdConfParts {
  /**
   * Gives the first sequence of a one-time file, or what knockd prints where there is none. Undefined: such doors are
   * left without steps.
   */
  readonly openOneTime?: (path: string, doorName: string) => Result<readonly KnockStep[], string>;
  /** Takes the lines that knockd prints with `--debug`. */
  readonly echo?: (line: string) => void;
}

/** knockd reads lines in pieces of this many bytes, and a piece is a line to it. */
const MAX_LINE = 4095;
const MAX_DOOR_NAME = 127;
const MAX_SECTION_NAME = 254;
const MAX_INTERFACE = 31;
const MAX_PATH = 4095;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type DraftDoor = Mutable<Omit<Door, 'lines'>> & { lines: Partial<Record<DoorField, number>> };

/** `text`: the file's bytes, one character each (ISO 8859-1). Gives the first error as knockd would. */
export const parseKnockdConf = (
  text: string,
  file: string,
  parts: KnockdConfParts = {},
): Result<KnockdConf, KnockdConfError> => {
  const reader = new KnockdConfReader(parts);
  for (const [index, piece] of piecesOf(text).entries()) {
    const message = reader.line(cTrim(piece), index + 1);
    if (message !== undefined) return err({ file, line: index + 1, message });
  }
  const empty = reader.doors.find((door) => door.steps.length === 0 && door.oneTimeFile === undefined);
  if (empty === undefined) return ok({ options: reader.options, doors: reader.doors });
  return err({ file, line: empty.line, message: `error: section '${empty.name}' has an empty knock sequence` });
};

/** What `fgets` gives one after the other, cut at a NUL as C strings are. */
const piecesOf = (text: string): string[] =>
  text.split('\n').flatMap((line) => {
    const pieces = line.match(new RegExp(`[^]{1,${String(MAX_LINE)}}`, 'g')) ?? [''];
    // A newline right behind a full piece is a piece of its own.
    if (line.length > 0 && line.length % MAX_LINE === 0) pieces.push('');
    return pieces.map((piece) => piece.split('\0', 1)[0] ?? '');
  });

class KnockdConfReader {
  readonly options: Mutable<KnockdOptions> = {
    useSyslog: false,
    logFile: undefined,
    pidFile: undefined,
    interface: undefined,
  };
  readonly doors: DraftDoor[] = [];
  readonly #parts: KnockdConfParts;
  #section: 'none' | 'options' | DraftDoor = 'none';

  constructor(parts: KnockdConfParts) {
    this.#parts = parts;
  }

  /** Takes one trimmed line. Gives what knockd says where it is wrong. */
  line(line: string, number: number): string | undefined {
    if (line === '' || line.startsWith('#')) return undefined;
    if (line.length > 1 && line.startsWith('[') && line.endsWith(']'))
      return this.#beginSection(line.slice(1, -1), number);
    if (this.#section === 'none') return `config: line ${String(number)}: all directives must belong to a section`;
    const equals = line.indexOf('=');
    const key = cUpper(cTrim(equals < 0 ? line : line.slice(0, equals)));
    if (equals < 0) return this.#word(key, number);
    const value = cTrim(line.slice(equals + 1));
    return this.#section === 'options'
      ? this.#option(key, value, number)
      : this.#directive(this.#section, key, value, number);
  }

  #beginSection(name: string, number: number): string | undefined {
    if (name === '') return `config: line ${String(number)}: bad section name`;
    const section = name.slice(0, MAX_SECTION_NAME);
    this.#echo(`config: new section: '${section}'`);
    if (section === 'options') this.#section = 'options';
    else {
      this.#section = newDoor(section.slice(0, MAX_DOOR_NAME), number);
      this.doors.push(this.#section);
    }
    return undefined;
  }

  /** The only directive without a value, which knockd takes in any section. */
  #word(key: string, number: number): string | undefined {
    if (key !== 'USESYSLOG') return syntaxError(number);
    this.options.useSyslog = true;
    this.#echo('config: usesyslog');
    return undefined;
  }

  #option(key: string, value: string, number: number): string | undefined {
    switch (key) {
      case 'LOGFILE':
        this.options.logFile = value.slice(0, MAX_PATH);
        this.#echo(`config: log file: ${this.options.logFile}`);
        return undefined;
      case 'PIDFILE':
        this.options.pidFile = value.slice(0, MAX_PATH);
        this.#echo(`config: pid file: ${this.options.pidFile}`);
        return undefined;
      case 'INTERFACE':
        // Of several the first counts, unlike everywhere else.
        this.options.interface ??= value.slice(0, MAX_INTERFACE);
        this.#echo(`config: interface: ${value}`);
        return undefined;
      default:
        return syntaxError(number);
    }
  }

  #directive(door: DraftDoor, key: string, value: string, number: number): string | undefined {
    const field = DOOR_KEYS[key];
    if (field === undefined) return syntaxError(number);
    door.lines[field] = number;
    switch (field) {
      case 'steps':
        return this.#sequence(door, parseSequence(value, door.name));
      case 'oneTimeFile':
        return this.#oneTime(door, value.slice(0, MAX_PATH));
      case 'seqTimeout':
      case 'cmdTimeout':
        door[field] = atoi(value);
        this.#echoDoor(door, field, String(door[field]));
        return undefined;
      case 'tcpFlags':
        return this.#flags(door, value, number);
      case 'target':
        door.targetAddress = parseAddress(value);
        break;
      case 'startCommand':
      case 'startCommand6':
      case 'stopCommand':
      case 'stopCommand6':
        break;
    }
    door[field] = value;
    this.#echoDoor(door, field, value);
    return undefined;
  }

  #sequence(door: DraftDoor, steps: Result<readonly KnockStep[], string>): string | undefined {
    if (!steps.ok) return steps.error;
    door.steps = steps.value;
    this.#echo(`config: ${door.name}: sequence: ${formatSteps(door.steps)}`);
    return undefined;
  }

  #oneTime(door: DraftDoor, path: string): string | undefined {
    door.oneTimeFile = path;
    this.#echo(`config: ${door.name}: one time sequences file: ${path}`);
    if (this.#parts.openOneTime === undefined) return undefined;
    const found = this.#parts.openOneTime(path, door.name);
    if (found.ok) this.#echo(`new sequence for door ${door.name}: ${formatSteps(found.value)}`);
    return this.#sequence(door, found);
  }

  /** Adds up over several lines; of two words about one flag the later counts. */
  #flags(door: DraftDoor, value: string, number: number): string | undefined {
    let { mask, value: set } = door.tcpFlags ?? { mask: 0, value: 0 };
    for (const word of cUpper(value).split(',')) {
      const clear = word.startsWith('!');
      const bit = FLAG_WORDS[clear ? word.slice(1) : word];
      if (bit === undefined) return `config: line ${String(number)}: unrecognized flag "${word}"`;
      mask |= bit;
      set = clear ? set & ~bit : set | bit;
      this.#echo(`config: tcp flag: ${word}`);
    }
    door.tcpFlags = { mask, value: set };
    return undefined;
  }

  #echoDoor(door: DraftDoor, field: DoorField, value: string): void {
    this.#echo(`config: ${door.name}: ${ECHO_NAMES[field]}: ${value}`);
  }

  #echo(line: string): void {
    this.#parts.echo?.(line);
  }
}

const syntaxError = (number: number): string => `config: line ${String(number)}: syntax error`;

const newDoor = (name: string, line: number): DraftDoor => ({
  name,
  line,
  lines: {},
  steps: [],
  oneTimeFile: undefined,
  seqTimeout: DEFAULT_SEQ_TIMEOUT,
  tcpFlags: undefined,
  target: undefined,
  targetAddress: undefined,
  startCommand: undefined,
  startCommand6: undefined,
  cmdTimeout: DEFAULT_CMD_TIMEOUT,
  stopCommand: undefined,
  stopCommand6: undefined,
  strict: false,
});

/** What each key of a door's section sets. */
export const DOOR_KEYS: Readonly<Record<string, DoorField>> = {
  SEQUENCE: 'steps',
  ONE_TIME_SEQUENCES: 'oneTimeFile',
  SEQ_TIMEOUT: 'seqTimeout',
  TIMEOUT: 'seqTimeout',
  TCPFLAGS: 'tcpFlags',
  TARGET: 'target',
  START_COMMAND: 'startCommand',
  COMMAND: 'startCommand',
  START_COMMAND_6: 'startCommand6',
  COMMAND_6: 'startCommand6',
  CMD_TIMEOUT: 'cmdTimeout',
  STOP_COMMAND: 'stopCommand',
  STOP_COMMAND_6: 'stopCommand6',
};

const ECHO_NAMES: Readonly<Record<DoorField, string>> = {
  steps: 'sequence',
  oneTimeFile: 'one time sequences file',
  seqTimeout: 'seq_timeout',
  tcpFlags: 'tcp flag',
  target: 'target',
  startCommand: 'start_command',
  startCommand6: 'start_command_6',
  cmdTimeout: 'cmd_timeout',
  stopCommand: 'stop_command',
  stopCommand6: 'stop_command_6',
};

const FLAG_WORDS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(TCP_FLAG_BITS).map(([name, bit]) => [name.toUpperCase(), bit]),
);
