/** What knockd writes about a door, to the letter; whoever reads its log reads ours. */
import type { UnixMs } from '../base/units.ts';
import type { Door } from './door.ts';
import type { Knock } from './knock.ts';
import { formatKey } from '../base/address-key.ts';

/** Command lines of this many bytes are not run. */
export const MAX_COMMAND = 4096;

export const stageMessage = (source: string, door: string, stage: number): string =>
  `${source}: ${door}: Stage ${String(stage)}`;

export const openMessage = (source: string, door: string): string => `${source}: ${door}: OPEN SESAME`;

export const sequenceTimeoutMessage = (source: string, door: string, stage: number): string =>
  `${source}: ${door}: sequence timeout (stage ${String(stage)})`;

export const commandTimeoutMessage = (source: string, door: string): string => `${source}: ${door}: command timeout`;

export const runningMessage = (door: string, command: string): string => `${door}: running command: ${command}`;

/** A death by signal shows as 0. */
export const statusMessage = (door: string, status: number): string =>
  `${door}: command returned non-zero status code (${String(status)})`;

export const exhaustedMessage = (door: string): string =>
  `no more sequences left in the one time sequences file for door ${door} --> disabling the door`;

export const START_TOO_LONG = "error: parsed start command has been truncated! --> won't execute it";
export const STOP_TOO_LONG = "error: parsed stop command has been truncated! --> won't execute start command";

/** `%IP%` replaced, as text and everywhere; nothing else means anything. */
export const expandCommand = (command: string, source: string): string => command.replaceAll('%IP%', source);

/** What an open runs: the commands of a source's family, expanded, or knockd's words where one is too long. */
export type CommandPair =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'too-long'; readonly message: string }
  | { readonly kind: 'run'; readonly start: string; readonly stop: string | undefined };

/** No start command, or an empty one: nothing runs, the stop command neither. */
export const commandPair = (start: string | undefined, stop: string | undefined, source: string): CommandPair => {
  if (start === undefined || start === '') return { kind: 'nothing' };
  const [first, last] = [expandCommand(start, source), stop === undefined ? undefined : expandCommand(stop, source)];
  if (first.length >= MAX_COMMAND) return { kind: 'too-long', message: START_TOO_LONG };
  if (last !== undefined && last.length >= MAX_COMMAND) return { kind: 'too-long', message: STOP_TOO_LONG };
  return { kind: 'run', start: first, stop: last };
};

/** The day and time of `when` as somebody's clock on the wall shows them. */
export interface WallTime {
  readonly day: string;
  readonly time: string;
}

/** A line of `--debug` for a packet. */
export const packetMessage = (knock: Knock, wall: (time: UnixMs) => WallTime): string => {
  const { day, time } = wall(knock.time);
  const [from, to] = [formatKey(knock.source), formatKey(knock.destination)];
  const ends = `${from}:${String(knock.sourcePort)} -> ${to}:${String(knock.port)}`;
  return `${day} ${time}: ${knock.protocol}: ${ends} ${String(knock.length)} bytes`;
};

export const doorName = (doors: readonly Door[], index: number): string => doors[index]?.name ?? '';
