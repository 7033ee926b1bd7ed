/**
 * A door: a sequence of knocks and what they run. The vocabulary is knockd's (0.8, its manual page and measured
 * behaviour), so that a `knockd.conf` means here what it means there.
 *
 * Names, commands and paths are byte strings, one character a byte (ISO 8859-1), because knockd passes bytes through.
 */
import type { Family, IpAddress } from '../base/address.ts';
import type { Protocol } from '../base/port-spec.ts';

export interface KnockStep {
  readonly protocol: Protocol;
  /** 0 to 65535. Port 0 is what knockd makes of text that is no number. */
  readonly port: number;
}

/** A TCP packet fits where `flags & mask === value`; bits as in byte 13 of the header (RFC 9293). */
export interface TcpFlags {
  readonly mask: number;
  readonly value: number;
}

/** What one door says, by the name of the property; for the line on which it was said. */
export type DoorField =
  | 'steps'
  | 'oneTimeFile'
  | 'seqTimeout'
  | 'tcpFlags'
  | 'target'
  | 'startCommand'
  | 'startCommand6'
  | 'cmdTimeout'
  | 'stopCommand'
  | 'stopCommand6';

export interface Door {
  /** At most 127 bytes; several doors may share one name. */
  readonly name: string;
  /** The line of its section, from 1. */
  readonly line: number;
  readonly lines: Readonly<Partial<Record<DoorField, number>>>;
  /** 1 to 32 knocks. Empty only for a one-time file that has not been read, or has run out: then the door is shut. */
  readonly steps: readonly KnockStep[];
  /** The file of sequences of which each serves once. */
  readonly oneTimeFile: string | undefined;
  /** Seconds that a sequence may take from its first knock; below 1 only a door of one knock can open. */
  readonly seqTimeout: number;
  readonly tcpFlags: TcpFlags | undefined;
  /** The destination that counts instead of the host's own addresses, as written, and as an address where it is one. */
  readonly target: string | undefined;
  readonly targetAddress: IpAddress | undefined;
  /** Commands with `%IP%`. Undefined: nothing said; the empty text is a command of its own (see {@link startCommandFor}). */
  readonly startCommand: string | undefined;
  readonly startCommand6: string | undefined;
  /** Seconds from the end of the start command to the stop command; negative is for ever. */
  readonly cmdTimeout: number;
  readonly stopCommand: string | undefined;
  readonly stopCommand6: string | undefined;
  /** Whether any other port of ours resets an attempt, too; knockd does not even see it. */
  readonly strict: boolean;
}

export const MAX_STEPS = 32;
export const DEFAULT_SEQ_TIMEOUT = 25;
export const DEFAULT_CMD_TIMEOUT = 10;

/** The bits of the flags that a door can name, in the order in which knockd writes them into its filter. */
export const TCP_FLAG_BITS = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32 } as const;

/** For IPv6 the command of its own if there is one, be it empty; else the other. Each command falls back by itself. */
export const startCommandFor = (door: Door, family: Family): string | undefined =>
  family === 6 ? (door.startCommand6 ?? door.startCommand) : door.startCommand;

export const stopCommandFor = (door: Door, family: Family): string | undefined =>
  family === 6 ? (door.stopCommand6 ?? door.stopCommand) : door.stopCommand;

export const flagsFit = (flags: TcpFlags | undefined, tcpFlags: number): boolean =>
  flags === undefined || (tcpFlags & flags.mask) === flags.value;

/** `7000:udp,8000:tcp` */
export const formatSteps = (steps: readonly KnockStep[]): string =>
  steps.map(({ protocol, port }) => `${String(port)}:${protocol}`).join(',');
